// Runs a block, and compares all its results with those of another implementation.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "layers/module.h"
#include "tests/support/compare.h"

namespace excite {

// By name: the value, the gradient of each input and parameter, and each running statistic.
using BlockResults = std::map<std::string, Tensor>;

// Gives every batch norm other factors and statistics than the initial 1 and 0.
inline void randomize_batch_norms(const Module& module, Rng& rng) {
  for (const Module::Entry& e : module.state()) {
    const Shape& shape = e.var.shape();
    if (e.name.ends_with("running_var"))
      e.var->value = uniform(shape, rng, real(0.5), 2);
    else if (e.kind != Module::Kind::weight)
      e.var->value = normal(shape, rng);
  }
}

// f takes inputs of these shapes. In training, its gradients for a random cotangent are results
// too.
inline BlockResults block_results(const Module& module, const std::vector<Shape>& shapes, Mode mode,
                                  const std::function<Var(const std::vector<Var>&)>& f) {
  Rng rng(1);
  std::vector<Var> inputs;
  for (const Shape& shape : shapes) {
    inputs.push_back(normal(shape, rng));
    inputs.back()->requires_grad = true;
  }
  const Var y = f(inputs);
  BlockResults all;
  all["value"] = y->value.clone();
  if (mode == Mode::eval) return all;
  backward(y, normal(y.shape(), rng));
  const auto grad = [](const Var& v) { return v->grad.empty() ? zeros({}) : v->grad.clone(); };
  for (std::size_t i = 0; i < inputs.size(); i++) all[text("input ", i)] = grad(inputs[i]);
  for (const Module::Entry& e : module.state())
    all[e.name] = e.kind == Module::Kind::buffer ? e.var->value.clone() : grad(e.var);
  return all;
}

// All results but those named in `not_compared`.
inline void expect_close(const BlockResults& actual, const BlockResults& expected,
                         const std::set<std::string>& not_compared, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (const auto& [name, tensor] : expected) {
    if (not_compared.contains(name)) continue;
    EXPECT_TRUE(close(actual.at(name), tensor, in_double_build ? 1e-11 : 1e-4))
        << what << ": " << name;
  }
}

}  // namespace excite
