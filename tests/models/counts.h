// Counts parameters and multiply-adds of networks whose parameters are not initialized.
#pragma once
#include <cstdio>

#include "autograd/ops.h"
#include "models/cost.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"

namespace excite::counts {

inline Model made(const std::string& name, const std::string& settings = "", long classes = 1000) {
  Rng rng = Rng::silent();
  return make_model(name, parse_settings(settings), classes, rng);
}

inline long parameters(const std::string& name, const std::string& settings = "") {
  return made(name, settings).module().parameter_count();
}

inline Cost cost_of_one(const Model& model) {
  return cost_of(model(zeros({1, model.image_size, model.image_size, 3}), Mode::eval));
}

// Billions of multiply-adds, with as many decimals as `printed` has: 3.8605.
inline std::string giga(long macs, const std::string& printed) {
  char text[32];
  const std::size_t point = printed.find('.');
  std::snprintf(text, sizeof text, "%.*f", static_cast<int>(printed.size() - point - 1),
                static_cast<double>(macs) / 1e9);
  return text;
}

struct Row {
  std::string name, settings;
  long parameters;
  std::string giga_macs;  // empty if no number is published
};

inline void expect_row(const Row& row) {
  const Model model = made(row.name, row.settings);
  const Cost cost = cost_of_one(model);
  EXPECT_EQ(model.module().parameter_count(), row.parameters) << row.name << " " << row.settings;
  EXPECT_EQ(cost.parameters, row.parameters)
      << row.name << " " << row.settings << ": a parameter is not used";
  if (!row.giga_macs.empty()) {
    EXPECT_EQ(giga(cost.macs, row.giga_macs), row.giga_macs) << row.name << " " << row.settings;
  }
}

// A network, and the same with squeeze-and-excitation. Each weight of a block is one multiply-add
// per image; biases cost nothing.
inline void expect_pair(const std::string& name, long plain_parameters, long without_biases,
                        const Row& with_se) {
  expect_row(with_se);
  const Model plain = made(name);
  EXPECT_EQ(plain.module().parameter_count(), plain_parameters) << name;
  EXPECT_EQ(parameters("se_" + name, "se_bias=off"), without_biases) << name;
  EXPECT_EQ(cost_of_one(made("se_" + name)).macs - cost_of_one(plain).macs,
            without_biases - plain_parameters)
      << name;
}

}  // namespace excite::counts
