#include "core/kernels/softmax.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

// Sums are in double: in float, a sum over 100,000 classes would be wrong in the fourth digit.

namespace {
// Returns y [same shape as x]. Calls body(y_row, x_row, z_row, n) for each row of n numbers.
template <class Body>
Tensor by_rows(const Tensor& x, const Tensor& z, const Body& body) {
  require(x.shape().rank() >= 1 && x.shape() == z.shape(), "softmax: shapes ", x.shape(), " and ",
          z.shape(), ", expected equal shapes of rank 1 to 4");
  Tensor y(x.shape());
  const long n = x.dim(-1);
  require(n > 0, "softmax: input has shape ", x.shape(), ", expected at least one number per row");
  parallel_ranges(x.shape().rows(), 64, [&](long begin, long end) {
    for (long r = begin; r < end; r++)
      body(y.data() + r * n, x.data() + r * n, z.data() + r * n, n);
  });
  return y;
}
}  // namespace

Tensor softmax(const Tensor& x) {
  return by_rows(x, x, [](real* y, const real* v, const real*, long n) {
    const real largest = *std::max_element(v, v + n);
    double total = 0;
    for (long i = 0; i < n; i++) total += static_cast<double>(y[i] = std::exp(v[i] - largest));
    const auto rounded_total = static_cast<real>(total);
    for (long i = 0; i < n; i++) y[i] /= rounded_total;
  });
}

Tensor log_softmax(const Tensor& x) {
  return by_rows(x, x, [](real* y, const real* v, const real*, long n) {
    const real largest = *std::max_element(v, v + n);
    double total = 0;
    for (long i = 0; i < n; i++) total += static_cast<double>(std::exp(v[i] - largest));
    const auto log_total = static_cast<real>(std::log(total));
    for (long i = 0; i < n; i++) y[i] = v[i] - largest - log_total;
  });
}

Tensor softmax_dx(const Tensor& dy, const Tensor& y) {
  return by_rows(dy, y, [](real* dx, const real* g, const real* p, long n) {
    double total = 0;
    for (long i = 0; i < n; i++) total += static_cast<double>(g[i]) * static_cast<double>(p[i]);
    const auto rounded_total = static_cast<real>(total);
    for (long i = 0; i < n; i++) dx[i] = p[i] * (g[i] - rounded_total);
  });
}

Tensor log_softmax_dx(const Tensor& dy, const Tensor& y) {
  return by_rows(dy, y, [](real* dx, const real* g, const real* logp, long n) {
    double total = 0;
    for (long i = 0; i < n; i++) total += static_cast<double>(g[i]);
    const auto rounded_total = static_cast<real>(total);
    for (long i = 0; i < n; i++) dx[i] = g[i] - std::exp(logp[i]) * rounded_total;
  });
}

Tensor smoothed_one_hot(const std::vector<int>& labels, long classes, real smoothing) {
  require(smoothing >= 0 && smoothing <= 1, "cross_entropy: smoothing ", smoothing,
          ", expected 0 to 1");
  Tensor targets =
      full({static_cast<long>(labels.size()), classes}, smoothing / static_cast<real>(classes));
  for (long n = 0; const int label : labels) {
    require(label >= 0 && label < classes, "cross_entropy: label ", n, " is ", label,
            ", expected 0 to ", classes - 1);
    targets[n++ * classes + label] += 1 - smoothing;
  }
  return targets;
}

double total_weight(const std::vector<int>& labels, const Tensor& class_weights) {
  for (long i = 0; i < class_weights.size(); i++)
    require(class_weights[i] >= 0 && std::isfinite(class_weights[i]),
            "cross_entropy: weight of class ", i, " is ", class_weights[i],
            ", expected a number of at least 0");
  double total = 0;
  for (const int label : labels) total += static_cast<double>(class_weights[label]);
  require(total > 0, "cross_entropy: the weights of all ", labels.size(),
          " labels are 0, expected at least one above 0");
  return total;
}

}  // namespace excite
