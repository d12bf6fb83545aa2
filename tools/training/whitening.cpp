#include "tools/training/whitening.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "tools/data/batch.h"

namespace excite {

namespace {

// Rotates rows and columns p and q so that the element (p, q) becomes 0.
void rotate(std::vector<double>& a, std::vector<double>& vectors, long n, long p, long q) {
  const double apq = a[p * n + q];
  if (apq == 0) return;
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double c = 1 / std::sqrt(t * t + 1), s = t * c;
  const auto turn = [=](double& x, double& y) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (long k = 0; k < n; k++) turn(a[k * n + p], a[k * n + q]);
  for (long k = 0; k < n; k++) turn(a[p * n + k], a[q * n + k]);
  for (long k = 0; k < n; k++) turn(vectors[p * n + k], vectors[q * n + k]);
}

// The sums of x x' over all patches of an image, added to `moments`.
void add_patches(const real* image, long height, long width, long rows, long columns,
                 std::vector<double>& moments) {
  const long n = rows * columns * 3;
  std::vector<double> patch(n);
  for (long i = 0; i + rows <= height; i++)
    for (long j = 0; j + columns <= width; j++) {
      for (long r = 0; r < rows; r++)
        for (long k = 0; k < columns * 3; k++)
          patch[r * columns * 3 + k] = static_cast<double>(image[((i + r) * width + j) * 3 + k]);
      for (long a = 0; a < n; a++)
        for (long b = 0; b < n; b++) moments[a * n + b] += patch[a] * patch[b];
    }
}

}  // namespace

Eigen symmetric_eigen(std::vector<double> a, long n) {
  require(n > 0 && std::ssize(a) == n * n, "symmetric_eigen: ", a.size(), " numbers, expected ", n,
          " x ", n);
  std::vector<double> vectors(n * n, 0);
  for (long i = 0; i < n; i++) vectors[i * n + i] = 1;
  constexpr int sweeps = 30;  // each one squares the error; about six suffice
  for (int sweep = 0; sweep < sweeps; sweep++)
    for (long p = 0; p < n; p++)
      for (long q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
  std::vector<long> order(n);
  std::iota(order.begin(), order.end(), 0l);
  std::sort(order.begin(), order.end(),
            [&](long p, long q) { return a[p * n + p] < a[q * n + q]; });
  Eigen eigen;
  for (const long k : order) {
    eigen.values.push_back(a[k * n + k]);
    eigen.vectors.insert(eigen.vectors.end(), vectors.begin() + k * n,
                         vectors.begin() + (k + 1) * n);
  }
  return eigen;
}

void whiten(const Model& model, const Dataset& dataset, const Normalization& normalization,
            const ResizeCrop& resize_crop) {
  const auto& state = model.module().state();
  const auto found = std::find_if(state.begin(), state.end(), [](const Module::Entry& e) {
    return e.name == "whiten.weight" && e.kind == Module::Kind::buffer;
  });
  if (found == state.end()) return;
  Tensor& w = found->var->value;
  const long rows = w.dim(0), columns = w.dim(1), n = rows * columns * 3, filters = w.dim(3);
  require(w.dim(2) == 3 && filters == 2 * n, "whiten: weight ", w.shape(), ", expected [", rows,
          ", ", columns, ", 3, ", 2 * n, "]");
  constexpr long max_images = 5000;
  std::vector<double> moments(n * n, 0);
  double patches = 0;
  for (long i = 0; i < std::min(max_images, dataset.count()); i++) {
    const Tensor x = make_batch(dataset, {i}, normalization, {}, 0, 0, resize_crop).x;
    add_patches(x.data(), x.dim(1), x.dim(2), rows, columns, moments);
    patches += static_cast<double>((x.dim(1) - rows + 1) * (x.dim(2) - columns + 1));
  }
  for (double& m : moments) m /= patches;
  const Eigen eigen = symmetric_eigen(moments, n);
  for (long k = 0; k < n; k++)
    for (long i = 0; i < n; i++) {
      const auto v =
          static_cast<real>(eigen.vectors[k * n + i] / std::sqrt(eigen.values[k] + 5e-4));
      w[i * filters + k] = v;
      w[i * filters + n + k] = -v;
    }
}

}  // namespace excite
