// Derivatives where the first central difference and the analytic one do not agree. There are four
// reasons besides a mistake: a step that is too large for the curvature, one that is too small for
// the rounding of y, a kink, and the border of the function's domain.
#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/gradcheck_parts.h"
#include "core/check.h"

namespace excite {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Differences of <r, f> for a step h to the right and one to the left, divided by h. For each
// element of y, the smaller of the two is added to low and the larger to high, so that kinks cannot
// cancel. For a smooth f, high - low is h times the curvature. At a kink it is the change of slope,
// whatever h is.
struct Differences {
  double low = 0, high = 0;
  double not_finite_at = 0;  // a t where f is not finite; 0: none
  std::string bad;           // its value there
  double central() const { return (low + high) / 2; }
  double bend() const { return high - low; }
};

Differences differences(const CheckedFunction& f, const Line& line, double h) {
  Differences d;
  const auto value_at = [&](double t) {
    line.move(t);
    Tensor y = f.value();
    if (std::string bad = not_finite(y); !bad.empty()) d.bad = std::move(bad), d.not_finite_at = t;
    return y;
  };
  const Tensor right = value_at(h), left = value_at(-h);
  for (long i = 0; i < right.size(); i++) {
    const double r = static_cast<double>(f.cotangent()[i]) / h;
    const double up = r * static_cast<double>(right[i] - f.y()[i]),
                 down = r * static_cast<double>(f.y()[i] - left[i]);
    d.low += std::min(up, down);
    d.high += std::max(up, down);
  }
  if (!d.bad.empty()) d.low = d.high = nan;
  return d;
}

// "f is not finite (nan) at 1e-07 - 6e-06", where x is 1e-07.
std::string note(const GradcheckRow& row, const Differences& d) {
  const std::string what = "f is not finite (" + d.bad + ") at ";
  const double t = d.not_finite_at;
  if (!row.x) return text(what, "a step of ", t);
  return text(what, *row.x, t < 0 ? " - " : " + ", std::abs(t));
}

}  // namespace

void try_other_steps(const CheckedFunction& f, const Line& line, double tolerance,
                     GradcheckRow& row) {
  row.error = std::numeric_limits<double>::infinity();
  row.numeric = nan;
  const auto agrees = [&](double numeric) {
    const double error = std::abs(row.analytic - numeric) / line.scale;
    if (error < row.error || std::isnan(row.numeric)) row.numeric = numeric;
    if (error < row.error) row.error = error;
    return row.error <= tolerance;
  };
  const Differences widest = differences(f, line, line.step);
  Differences d = widest;
  bool found = agrees(d.central());
  for (double h = line.step / 4; !found && h >= line.step / 256; h /= 4) {
    const double previous = d.central();
    d = differences(f, line, h);
    // The second is Richardson's extrapolation: the error of d falls with the square of h.
    found = agrees(d.central()) || agrees(d.central() + (d.central() - previous) / 15);
  }
  // A large y that hardly changes: its rounding counts less in a wider step.
  if (!found) found = agrees(differences(f, line, 16 * line.step).central());
  line.move(0);
  const double slack = tolerance * line.scale;
  const bool bent =
      d.bend() > slack && d.bend() > widest.bend() / 2 && d.bend() < widest.bend() * 2;
  if (found) {
    row.result = GradcheckRow::Result::right;
  } else if (!widest.bad.empty()) {
    row.result = GradcheckRow::Result::not_finite;
    row.note = note(row, widest);
  } else if (bent && d.low - slack <= row.analytic && row.analytic <= d.high + slack) {
    row.result = GradcheckRow::Result::kink;
  } else {
    row.result = GradcheckRow::Result::wrong;
  }
}

}  // namespace excite
