// The gradient check of whole models: some elements of each parameter, and some directions.
#include <cmath>
#include <limits>

#include "autograd/gradcheck_parts.h"
#include "autograd/parameter_owner.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// Compares the derivative along a random direction v of length 1 in the space of all parameters:
// the analytic one is <v, gradient>.
void compare_direction(const CheckedFunction& f, const std::string& name, double step,
                       double tolerance, Rng& rng, GradcheckReport& report) {
  const std::vector<CheckedInput>& inputs = f.inputs();
  const std::vector<Tensor> old = values_of(inputs);
  std::vector<Tensor> direction;
  double length = 0, derivative = 0, gradient = 0, n = 0;
  for (const CheckedInput& input : inputs) {
    direction.push_back(normal(input.x.shape(), rng));
    length += dot(direction.back(), direction.back());
    derivative += dot(direction.back(), input.gradient);
    gradient += dot(input.gradient, input.gradient);
    n += static_cast<double>(input.x->value.size());
  }
  length = std::sqrt(length);
  const auto move = [&](double t) {
    for (std::size_t i = 0; i < inputs.size(); i++) {
      const auto distance = static_cast<real>(t / length);
      inputs[i].x->value =
          map([=](real x, real v) { return x + distance * v; }, old[i], direction[i]);
    }
  };
  const double scale = std::max(std::sqrt(gradient / n), std::numeric_limits<double>::min());
  GradcheckRow row{name, "", {}, derivative / length};
  compare(f, {move, step, scale}, tolerance, row);
  report.rows.push_back(std::move(row));
  conclude_rows(report, report.rows.size() - 1, tolerance);
}

}  // namespace

GradcheckReport check_model_gradient(const std::function<Var()>& f,
                                     const std::vector<std::pair<std::string, Var>>& parameters,
                                     const ModelGradcheckOptions& options) {
  return report_of([&](GradcheckReport& report) {
    Rng rng = stream_of_check(options.seed);
    std::vector<CheckedInput> inputs;
    for (const auto& [name, x] : parameters) {
      inputs.push_back(
          {text(name, " ", x.shape()), x, options.zero_gradient && options.zero_gradient(name)});
      if (x->owner && !x->owner->is_module) mark_as_listed(x);  // it was not forgotten
    }
    CheckedFunction checked(f, std::move(inputs), rng);
    checked.find_gradients();
    find_scales(checked.inputs());
    const NoGrad no_grad;
    for (const CheckedInput& input : checked.inputs())
      compare_elements(checked, input, options.elements, options.step, options.tolerance, rng,
                       report);
    for (long i = 0; i < options.directions; i++)
      compare_direction(checked, text("direction ", i), options.step, options.tolerance, rng,
                        report);
    limit_kinks(report, 0, "elements and directions");
  });
}

}  // namespace excite
