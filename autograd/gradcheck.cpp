// The gradient check: the analytic derivative, by backward, against the numeric one, by central
// differences. What else is checked is in files of their own, which can be read later:
//
//   gradcheck_backward.cpp      a backward that does something wrong whatever the numbers are
//   gradcheck_steps.cpp         derivatives that do not agree at once: other steps, kinks, domains
//   gradcheck_domain.cpp        which input is outside the domain of the function
//   gradcheck_model.cpp         models
//   gradcheck_function.cpp      functions of plain numbers
//   gradcheck_second_order.cpp  whether the derivatives of a gradient are symmetric
//   gradcheck_report.cpp        the sentences; gradcheck_table.cpp the table
#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/gradcheck_parts.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// The derivative of L = <r, f(x)> along a line: (L(x + h v) - L(x - h v)) / 2h. The outputs are
// subtracted before they are added up, so that less is lost to rounding.
double central_difference(const CheckedFunction& f, const Line& line) {
  line.move(line.step);
  const Tensor right = f.value();
  line.move(-line.step);
  const Tensor left = f.value();
  line.move(0);
  const Tensor change = map([](real a, real b) { return a - b; }, right, left);
  return dot(f.cotangent(), change) / (2 * line.step);
}

// `count` different numbers of 0, ..., size - 1, drawn at random; all of them if size is smaller.
std::vector<long> choose(long size, long count, Rng& rng) {
  std::vector<long> chosen(size);
  std::iota(chosen.begin(), chosen.end(), 0);
  if (count >= size) return chosen;
  for (long i = 0; i < count; i++) std::swap(chosen[i], chosen[i + rng.below(size - i)]);
  chosen.resize(count);
  return chosen;
}

}  // namespace

void compare(const CheckedFunction& f, const Line& line, double tolerance, GradcheckRow& row) {
  row.numeric = central_difference(f, line);
  row.error = std::abs(row.analytic - row.numeric) / line.scale;
  if (!(row.error <= tolerance)) try_other_steps(f, line, tolerance, row);  // also if it is NaN
}

void compare_elements(const CheckedFunction& f, const CheckedInput& input, long count, double step,
                      double tolerance, Rng& rng, GradcheckReport& report) {
  Tensor& x = input.x->value;
  const std::size_t first = report.rows.size();
  for (long i : choose(x.size(), count, rng)) {
    const real old = x[i];
    const double magnitude = std::abs(static_cast<double>(old));
    const Line line{[&](double t) { x[i] = t == 0 ? old : old + static_cast<real>(t); },
                    step * std::max(1.0, magnitude), input.scale};
    GradcheckRow row{input.name, "element " + index_text(x.shape(), i), static_cast<double>(old),
                     static_cast<double>(input.gradient[i])};
    compare(f, line, tolerance, row);
    report.rows.push_back(std::move(row));
  }
  conclude_rows(report, first, tolerance);
}

GradcheckReport check_inputs(const std::function<Var(const std::vector<Var>&)>& f,
                             const std::vector<Var>& inputs, const GradcheckOptions& options,
                             Tensor cotangent) {
  return report_of([&](GradcheckReport& report) {
    Rng rng = stream_of_check(options.seed);
    std::vector<CheckedInput> copies = checked_copies(inputs, options.zero_gradient);
    std::vector<Var> vars;
    for (const CheckedInput& copy : copies) vars.push_back(copy.x);
    CheckedFunction checked([&] { return f(vars); }, std::move(copies), rng, std::move(cotangent));
    checked.find_gradients();
    find_scales(checked.inputs());
    const NoGrad no_grad;
    for (const CheckedInput& input : checked.inputs()) {
      const std::size_t first = report.rows.size();
      compare_elements(checked, input, input.x->value.size(), options.step, options.tolerance, rng,
                       report);
      limit_kinks(report, first, "elements of " + input.name);
    }
  });
}

GradcheckReport check_gradient(const std::function<Var(const std::vector<Var>&)>& f,
                               std::vector<Var> inputs, const GradcheckOptions& options) {
  return check_inputs(f, inputs, options, {});
}

}  // namespace excite
