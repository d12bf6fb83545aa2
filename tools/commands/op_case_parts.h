// The parts of the list of op_cases.h, one for each group of operations, and what draws their
// inputs.
#pragma once
#include <functional>
#include <vector>

#include "autograd/ops.h"
#include "tools/commands/op_cases.h"

namespace excite {

using Vars = std::vector<Var>;
using Inputs = std::function<Vars(Rng&)>;

// ---- inputs ----

// One tensor for each shape, filled by `draw`.
Inputs each(std::vector<Shape> shapes, std::function<Tensor(const Shape&, Rng&)> draw);
Inputs normals(const std::vector<Shape>& shapes, real mean = 0, real deviation = 1);
Inputs between(real low, real high, const std::vector<Shape>& shapes);

// Numbers of both signs with |x| >= 0.1, for functions with a kink at 0.
Tensor away_from_zero(const Shape& shape, Rng& rng);

// The numbers 0, 0.1, 0.2, ... in random order. No two are nearly equal, so a small step does not
// change which one of a window is the maximum.
Tensor distinct(const Shape& shape, Rng& rng);

// batch_norm with new running statistics in each call, because it updates them.
Var new_batch_norm(const Var& x, const Var& gamma, const Var& beta, double eps = batch_norm_eps);

// ---- the parts that have files of their own ----

std::vector<OpCase> convolution_cases();    // op_cases_images.cpp
std::vector<OpCase> pool_cases();           // op_cases_images.cpp
std::vector<OpCase> normalization_cases();  // op_cases_normalization.cpp
std::vector<OpCase> fused_cases();          // op_cases_normalization.cpp
std::vector<OpCase> loss_cases();           // op_cases_losses.cpp

}  // namespace excite
