// Gradient checking: compares the gradients that backward computes with finite differences. Needs
// the double library. In float, rounding alone gives the gradient of batch_norm(conv2d(x, w)) an
// error of 2e-4, as large as many real mistakes. In double it is 5e-10.
#pragma once
#include <array>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/var.h"

namespace excite {

// One derivative, computed in two ways.
struct GradcheckRow {
  enum class Result { right, wrong, kink, not_finite };
  std::string input;        // "input 1 [2, 3]" or "direction 4"
  std::string element;      // "element [1, 2]"; empty for a direction
  std::optional<double> x;  // the value of the element
  double analytic = 0;      // by backward
  double numeric = 0;       // by finite differences
  double error = 0;         // |analytic - numeric|, relative to a scale
  Result result = Result::right;
  std::string note = {};  // if not finite: "f is not finite (nan) at 1e-07 - 6e-06"
};

struct GradcheckReport {
  bool ok = false;
  double worst = 0;      // the largest relative error
  std::string worst_at;  // where it occurred: "input 1 [3], element [2]"
  long checked = 0;      // number of derivatives compared
  long kinks = 0;        // number of derivatives skipped, because the function has a kink there
  std::string message;   // what is wrong, one line per input; empty if nothing is
  std::vector<GradcheckRow> rows;  // every derivative
  // The names of the two values of a row.
  std::array<std::string, 2> columns = {"analytic", "numeric"};
  // The rows as text, one line each. Of more than `limit`, those with the largest errors.
  std::string table(long limit = 40) const;
};
std::ostream& operator<<(std::ostream&, const GradcheckReport&);  // ok or the message; no rows

struct GradcheckOptions {
  double tolerance = 1e-7;
  // x changes by step max(1, |x|). The default is about the cube root of double's epsilon, where
  // the errors of rounding and of curvature are equally large.
  double step = 6e-6;
  // Inputs whose gradient is zero in theory, because they cannot change y, such as a bias before
  // batch_norm.
  std::vector<int> zero_gradient = {};
  long seed = 0;  // of the random cotangent
};

// Compares every element of every input's gradient with central differences of the loss
// <r, f(inputs)>, where r is random. (With sum(f) as the loss, the gradient of batch_norm is zero,
// whatever its mistakes.) The error is
//
//   |analytic - numeric| / max(G, 1e-3 Gmax)
//
// where G is the largest |gradient| of the input, and Gmax the largest of all inputs.
//
// Where the error exceeds the tolerance, other steps are tried: a large step may reach across a
// kink nearby, and a small one suffers from rounding. At a kink the differences to the left and to
// the right stay apart by the same amount for every step. A kink is skipped if the gradient lies
// between the two differences. More than 1 % of kinks among an input's elements is a failure. So is
// an input so near the border of f's domain that a step leaves it.
//
// The check also fails if a gradient is missing, all zero, of another shape or aliases another
// tensor, if a backward changes an input of its operation, and if a second run gives other bits.
//
// The inputs are copied, and each copy requires a gradient. Anything else that f uses is data. An
// exception from f becomes part of the report.
GradcheckReport check_gradient(const std::function<Var(const std::vector<Var>&)>& f,
                               std::vector<Var> inputs, const GradcheckOptions& options = {});

// The same for functions of plain numbers, which use no Var: a value, and its gradient at the same
// x. Both may also take a std::span<const double>. The report calls x "input 0".
GradcheckReport check_function_gradient(
    const std::function<double(const std::vector<double>& x)>& value,
    const std::function<std::vector<double>(const std::vector<double>& x)>& gradient,
    const std::vector<double>& x, const GradcheckOptions& options = {});
// For a function with several results, y = value(x), vjp is the vector-Jacobian product that a
// backward computes: dx[j] = sum over i of dy[i] (d y[i] / d x[j]).
GradcheckReport check_function_gradient(
    const std::function<std::vector<double>(const std::vector<double>& x)>& value,
    const std::function<std::vector<double>(const std::vector<double>& x,
                                            const std::vector<double>& dy)>& vjp,
    const std::vector<double>& x, const GradcheckOptions& options = {});

// Checks that the gradient g of <r, f(inputs)> is the gradient of some function. Then its
// derivatives, the Hessian, are symmetric: d g_i / d x_j = d g_j / d x_i. Both are central
// differences of g, so no operation needs a second backward, and the value of f is not used. This
// finds a backward that is right only at one point, or whose value cannot be compared because it is
// rounded. An elementwise function passes always: its Hessian is diagonal.
//
// The error is |difference| / max(H, 1e-3 Hmax, 1e-3 Gmax), where H is the largest second
// derivative of the pair of inputs, Hmax that of all pairs, and Gmax the largest |gradient|. A row
// of the table is a pair of elements: `analytic` is d g_i / d x_j, `numeric` is d g_j / d x_i.
// Where g jumps, f has a kink. The inputs may have up to 500 elements together, as each costs two
// gradients; those in options.zero_gradient are left out.
GradcheckReport check_second_order(const std::function<Var(const std::vector<Var>&)>& f,
                                   std::vector<Var> inputs, const GradcheckOptions& options = {});

struct ModelGradcheckOptions {
  double tolerance = 1e-6;
  double step = 6e-6;
  long elements = 20;    // of each parameter, drawn at random; all of a smaller one
  long directions = 20;  // random directions in the space of all parameters
  // True for the name of a parameter whose gradient is zero in theory.
  std::function<bool(const std::string& name)> zero_gradient = {};
  long seed = 0;
};

// The same as check_gradient for a whole model, which has too many parameters to change each. f
// computes a loss, or any output, from the current values of the parameters. Each call must draw
// the same dropout masks. The error along a direction is relative to |gradient| / sqrt(n), the size
// of a typical derivative along a direction of length 1. More than 1 % of kinks among all
// comparisons is a failure. Afterwards the parameters have their old values, and no gradients.
GradcheckReport check_model_gradient(const std::function<Var()>& f,
                                     const std::vector<std::pair<std::string, Var>>& parameters,
                                     const ModelGradcheckOptions& options = {});

}  // namespace excite
