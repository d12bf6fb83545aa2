#include "core/kernels/conv2d_reference.h"

#include <vector>

namespace excite {

namespace {

// Calls body(at_x, at_w, at_y) for every product x[at_x] * w[at_w] that adds to y[at_y]. The
// gradients use the same triples: dy w adds to dx, and x dy adds to dw.
template <class Body>
void for_products(const Conv2dShape& q, const Body& body) {
  for (long n = 0; n < q.n; n++)
    for (long i = 0; i < q.oh; i++)
      for (long j = 0; j < q.ow; j++)
        for (long k = 0; k < q.k; k++)
          for (long r = 0; r < q.r; r++)
            for (long s = 0; s < q.s; s++) {
              const long row = i * q.stride.h + r * q.dilation.h - q.pad.h,
                         col = j * q.stride.w + s * q.dilation.w - q.pad.w;
              if (row < 0 || row >= q.h || col < 0 || col >= q.w) continue;
              const long group = k / q.kg;
              for (long c = 0; c < q.cg; c++)
                body(((n * q.h + row) * q.w + col) * q.c + group * q.cg + c,
                     ((r * q.s + s) * q.cg + c) * q.k + k, ((n * q.oh + i) * q.ow + j) * q.k + k);
            }
}

struct Sums {
  std::vector<double> numbers;
  explicit Sums(const Shape& shape) : numbers(shape.size()) {}
  void add(long at, real a, real b) {
    numbers[at] += static_cast<double>(a) * static_cast<double>(b);
  }
  Tensor as_tensor(const Shape& shape) const {
    Tensor t(shape);
    for (long i = 0; i < t.size(); i++) t[i] = static_cast<real>(numbers[i]);
    return t;
  }
};

}  // namespace

Tensor conv2d_reference(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  Sums y(q.y());
  for_products(q, [&](long at_x, long at_w, long at_y) { y.add(at_y, x[at_x], w[at_w]); });
  return y.as_tensor(q.y());
}

Tensor conv2d_reference_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  Sums dx(q.x());
  for_products(q, [&](long at_x, long at_w, long at_y) { dx.add(at_x, dy[at_y], w[at_w]); });
  return dx.as_tensor(q.x());
}

Tensor conv2d_reference_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  Sums dw(q.weight());
  for_products(q, [&](long at_x, long at_w, long at_y) { dw.add(at_w, x[at_x], dy[at_y]); });
  return dw.as_tensor(q.weight());
}

}  // namespace excite
