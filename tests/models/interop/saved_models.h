// Models in files, for the tests of weights.
#pragma once
#include <string>
#include <vector>

#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {

// A model of ten classes with the weights of this seed.
inline Model drawn(const std::string& name, long seed, const Settings& options = {}) {
  Rng rng(seed);
  return make_model(name, options, 10, rng);
}

inline const Preprocessing preprocessing{
    {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, {0.1, 0.2, 1.0 / 3}, {0.25, 0.5, 0.75}};

// Saves the model in the folder, and returns the path.
inline std::string saved(const ScratchFolder& folder, const Model& model) {
  const std::string path = folder / "model.safetensors";
  save_tensors(path, describe(model, preprocessing), state_of(model.module()));
  return path;
}

inline std::vector<Tensor> copy_of(const Model& model) {
  std::vector<Tensor> all;
  for (const auto& [name, tensor] : state_of(model.module())) all.push_back(tensor->clone());
  return all;
}

inline void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); i++) EXPECT_TRUE(same_bits(a[i], b[i])) << "tensor " << i;
}

}  // namespace excite
