// The second-order check: a gradient g is the gradient of a function only if its derivatives are
// symmetric, d g_i / d x_j = d g_j / d x_i. Both are central differences of g.
#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/gradcheck_parts.h"
#include "core/check.h"

namespace excite {

namespace {

using Result = GradcheckRow::Result;

constexpr std::size_t max_elements = 500;  // of all inputs: each costs two gradients
constexpr int max_steps = 4;               // step, step / 4, ...

// An element of an input: x_i, and the gradient g_i.
struct Element {
  const CheckedInput* input;
  long index;
  real& x() const { return input->x->value[index]; }
  double g() const { return static_cast<double>(input->gradient[index]); }
  std::string index_text() const { return excite::index_text(input->x.shape(), index); }
};

// Of all inputs but those whose gradient is zero in theory.
std::vector<Element> elements_of(const CheckedFunction& f) {
  std::vector<Element> all;
  for (const CheckedInput& input : f.inputs())
    for (long i = 0; i < input.x->value.size() && !input.zero_gradient; i++)
      all.push_back({&input, i});
  require(all.size() >= 2 && all.size() <= max_elements, "the inputs have ", all.size(),
          " elements together, expected 2 to ", max_elements, " for a second-order check");
  return all;
}

// A pair of elements of two inputs (or of the same one), and what was found of it so far.
struct Pair {
  std::size_t i, j;                   // indices into all elements, i < j
  std::size_t block;                  // the same for all pairs of these two inputs
  double g_i_by_j = 0, g_j_by_i = 0;  // at the step with the smallest error
  double error = std::numeric_limits<double>::infinity();
  double difference = 0;  // between both, at the last step
  bool grows = true;      // it grows as 1 / step: g jumps, so f has a kink
};

std::vector<Pair> pairs_of(const std::vector<Element>& all) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < all.size(); i++)
    for (std::size_t j = i + 1; j < all.size(); j++) pairs.push_back({i, j, 0});
  const auto inputs = [&](const Pair& p) { return std::pair(all[p.i].input, all[p.j].input); };
  std::stable_sort(pairs.begin(), pairs.end(),
                   [&](const Pair& p, const Pair& q) { return inputs(p) < inputs(q); });
  for (std::size_t p = 1; p < pairs.size(); p++)
    pairs[p].block = pairs[p - 1].block + (inputs(pairs[p]) != inputs(pairs[p - 1]));
  return pairs;
}

// The Jacobian of g by central differences: column j is (g(x + h e_j) - g(x - h e_j)) / 2h.
struct Jacobian {
  std::vector<std::vector<double>> columns;
  double operator()(std::size_t i, std::size_t j) const { return columns[j][i]; }
};

std::vector<double> gradient_of(const std::vector<Element>& all) {
  std::vector<double> g;
  for (const Element& e : all) g.push_back(e.g());
  return g;
}

// "f is not finite (nan)" or "the gradient is not finite (nan)"; else "".
std::string not_finite_in(const CheckedFunction& f) {
  if (const std::string bad = not_finite(f.y()); !bad.empty())
    return "f is not finite (" + bad + ")";
  for (const CheckedInput& input : f.inputs())
    if (const std::string bad = not_finite(input.gradient); !bad.empty())
      return "the gradient is not finite (" + bad + ")";
  return "";
}

// Adds a row to the report for each element that cannot be moved, because f or g is not finite
// there.
Jacobian jacobian_of(CheckedFunction& f, const std::vector<Element>& all, double step,
                     GradcheckReport& report) {
  Jacobian jacobian;
  for (const Element& e : all) {
    const real old = e.x();
    const auto x = static_cast<double>(old);
    const double h = step * std::max(1.0, std::abs(x));
    std::string note;
    const auto gradient_at = [&](double t) {
      e.x() = old + static_cast<real>(t);
      f.run_once();
      if (const std::string found = not_finite_in(f); !found.empty())
        note = text(found, " at ", x, t < 0 ? " - " : " + ", h);
      return gradient_of(all);
    };
    std::vector<double> column = gradient_at(h);
    const std::vector<double> left = gradient_at(-h);
    e.x() = old;
    for (std::size_t i = 0; i < all.size(); i++) column[i] = (column[i] - left[i]) / (2 * h);
    jacobian.columns.push_back(std::move(column));
    if (!note.empty())
      report.rows.push_back(
          {e.input->name, "element " + e.index_text(), x, 0, 0, 0, Result::not_finite, note});
  }
  return jacobian;
}

// Errors are relative to the largest second derivative of the pair of inputs, but at least to 1e-3
// of the largest of all, and of the largest gradient, whose rounding is in the differences.
std::vector<double> scales_of(const std::vector<Pair>& pairs, const Jacobian& jacobian,
                              const std::vector<double>& g) {
  std::vector<double> scales(pairs.back().block + 1);
  double largest = 0;
  for (const Pair& p : pairs)
    scales[p.block] =
        std::max({scales[p.block], std::abs(jacobian(p.i, p.j)), std::abs(jacobian(p.j, p.i))});
  for (const double scale : scales) largest = std::max(largest, scale);
  for (const double v : g) largest = std::max(largest, std::abs(v));
  for (double& scale : scales) scale = std::max({scale, 1e-3 * largest, 1e-300});
  return scales;
}

// True if all pairs agree, at this step or at an earlier one.
bool compare_pairs(std::vector<Pair>& pairs, const Jacobian& jacobian,
                   const std::vector<double>& scales, double tolerance) {
  bool agree = true;
  for (Pair& p : pairs) {
    const double g_i_by_j = jacobian(p.i, p.j), g_j_by_i = jacobian(p.j, p.i);
    const double difference = std::abs(g_i_by_j - g_j_by_i), error = difference / scales[p.block];
    p.grows = p.grows && difference > 2 * p.difference;
    p.difference = difference;
    if (error < p.error) p.error = error, p.g_i_by_j = g_i_by_j, p.g_j_by_i = g_j_by_i;
    agree = agree && p.error <= tolerance;
  }
  return agree;
}

GradcheckRow row_of(const Pair& p, const std::vector<Element>& all, double tolerance) {
  const Element &a = all[p.i], &b = all[p.j];
  const Result result = p.error <= tolerance ? Result::right
                        : p.grows            ? Result::kink
                                             : Result::wrong;
  return {a.input == b.input ? a.input->name : a.input->name + " and " + b.input->name,
          text("elements ", a.index_text(), " and ", b.index_text()),
          {},
          p.g_i_by_j,
          p.g_j_by_i,
          p.error,
          result,
          ""};
}

}  // namespace

GradcheckReport check_second_order(const std::function<Var(const std::vector<Var>&)>& f,
                                   std::vector<Var> inputs, const GradcheckOptions& options) {
  return report_of([&](GradcheckReport& report) {
    report.columns = {"dg_i/dx_j", "dg_j/dx_i"};
    Rng rng = stream_of_check(options.seed);
    std::vector<CheckedInput> copies = checked_copies(inputs, options.zero_gradient);
    for (std::size_t i = 0; i < inputs.size(); i++) inputs[i] = copies[i].x;
    CheckedFunction checked([&] { return f(inputs); }, std::move(copies), rng);
    checked.find_gradients();
    const std::vector<Element> all = elements_of(checked);
    std::vector<Pair> pairs = pairs_of(all);
    const std::vector<double> g = gradient_of(all);
    double step = options.step;
    Jacobian jacobian = jacobian_of(checked, all, step, report);
    if (!report.rows.empty()) return conclude_rows(report, 0, options.tolerance);
    const std::vector<double> scales = scales_of(pairs, jacobian, g);
    for (int n = 1; !compare_pairs(pairs, jacobian, scales, options.tolerance) && n < max_steps;
         n++)
      jacobian = jacobian_of(checked, all, step /= 4, report);
    for (const Pair& pair : pairs) report.rows.push_back(row_of(pair, all, options.tolerance));
    conclude_rows(report, 0, options.tolerance);
    if (!report.message.empty())
      add_message(report,
                  "here i is the first element and j the second; the derivatives of a gradient are "
                  "symmetric, so g is the gradient of no function");
    limit_kinks(report, 0, "pairs of elements");
  });
}

}  // namespace excite
