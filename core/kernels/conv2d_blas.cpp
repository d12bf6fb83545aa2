#include "core/kernels/conv2d_blas.h"

#include <algorithm>

#include "core/gemm.h"
#include "core/kernels/elementwise.h"
#include "core/parallel.h"

namespace excite {

namespace {

// Some whole output rows of one image and one group. The matrix X of a slab fits into a core's L2
// cache, so it is still there for the product.
struct Slab {
  long n, group, first_row, rows;
};

long rows_per_slab(const Conv2dShape& q) {
  constexpr long cache_bytes = 256 << 10;
  const long row_bytes = q.ow * q.r * q.s * q.cg * static_cast<long>(sizeof(real));
  return std::clamp(cache_bytes / std::max(1l, row_bytes), 1l, q.oh);
}

// Calls tap(window, pixel) for each output pixel and each tap (r, s) of the kernel. `window` is the
// index of its C/groups channels in X, `pixel` their index in x, or -1 in the padding.
template <class Tap>
void for_each_tap(const Conv2dShape& q, const Slab& slab, const Tap& tap) {
  long window = 0;
  for (long i = slab.first_row; i < slab.first_row + slab.rows; i++)
    for (long j = 0; j < q.ow; j++)
      for (long r = 0; r < q.r; r++) {
        const long row = i * q.stride.h + r * q.dilation.h - q.pad.h;
        for (long s = 0; s < q.s; s++, window += q.cg) {
          const long col = j * q.stride.w + s * q.dilation.w - q.pad.w;
          const bool inside = row >= 0 && row < q.h && col >= 0 && col < q.w;
          tap(window, inside ? ((slab.n * q.h + row) * q.w + col) * q.c + slab.group * q.cg : -1);
        }
      }
}

// im2col: writes X (pixels, R*S*C/groups) of a slab.
void unfold(const Conv2dShape& q, const Slab& slab, const real* x, real* unfolded) {
  for_each_tap(q, slab, [&](long window, long pixel) {
    if (pixel < 0)
      std::fill_n(unfolded + window, q.cg, real(0));
    else
      std::copy_n(x + pixel, q.cg, unfolded + window);
  });
}

// col2im: adds dX of a slab to dx.
void fold(const Conv2dShape& q, const Slab& slab, const real* unfolded, real* dx) {
  for_each_tap(q, slab, [&](long window, long pixel) {
    if (pixel < 0) return;
    for (long c = 0; c < q.cg; c++) dx[pixel + c] += unfolded[window + c];
  });
}

template <class Body>
void for_each_slab(const Conv2dShape& q, long first_image, long last_image, const Body& body) {
  const long rows = rows_per_slab(q);
  for (long n = first_image; n < last_image; n++)
    for (long g = 0; g < q.groups; g++)
      for (long row = 0; row < q.oh; row += rows) body(Slab{n, g, row, std::min(rows, q.oh - row)});
}

// The three matrices of a slab: X (pixels, R*S*C/groups), W (R*S*C/groups, K/groups) and
// Y (pixels, K/groups).
long window_size(const Conv2dShape& q) { return q.r * q.s * q.cg; }
Buffer unfolded_buffer(const Conv2dShape& q) {
  return Buffer(rows_per_slab(q) * q.ow * window_size(q));
}
Matrix unfolded_matrix(const Conv2dShape& q, const Slab& slab, const real* unfolded) {
  return {unfolded, slab.rows * q.ow, window_size(q)};
}
Matrix weight_matrix(const Conv2dShape& q, const Slab& slab, const real* w) {
  return {w + slab.group * q.kg, window_size(q), q.kg, q.k};
}
long output_offset(const Conv2dShape& q, const Slab& slab) {
  return (slab.n * q.oh + slab.first_row) * q.ow * q.k + slab.group * q.kg;
}
Matrix output_matrix(const Conv2dShape& q, const Slab& slab, const real* y) {
  return {y + output_offset(q, slab), slab.rows * q.ow, q.kg, q.k};
}

}  // namespace

Tensor conv2d_blas(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  Tensor y(q.y());
  parallel_for(q.n, [&](long n) {
    Buffer unfolded = unfolded_buffer(q);
    for_each_slab(q, n, n + 1, [&](const Slab& slab) {
      unfold(q, slab, x.data(), unfolded.data());
      gemm(unfolded_matrix(q, slab, unfolded.data()), weight_matrix(q, slab, w.data()),
           y.data() + output_offset(q, slab), q.k);
    });
  });
  return y;
}

Tensor conv2d_blas_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  Tensor dx = zeros(q.x());
  parallel_for(q.n, [&](long n) {
    Buffer unfolded = unfolded_buffer(q);
    for_each_slab(q, n, n + 1, [&](const Slab& slab) {
      gemm(output_matrix(q, slab, dy.data()), transposed(weight_matrix(q, slab, w.data())),
           unfolded.data(), window_size(q));
      fold(q, slab, unfolded.data(), dx.data());
    });
  });
  return dx;
}

Tensor conv2d_blas_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  const Shards shards(q.n);
  const std::vector<Subtree> trees = subtrees_of_threads(shards.own());
  std::vector<Tensor> sums = sums_of(trees, [&](long shard) {
    Tensor dw = zeros(q.weight());
    Buffer unfolded = unfolded_buffer(q);
    for_each_slab(q, shards.begin(shard), shards.end(shard), [&](const Slab& slab) {
      unfold(q, slab, x.data(), unfolded.data());
      gemm_add(transposed(unfolded_matrix(q, slab, unfolded.data())),
               output_matrix(q, slab, dy.data()), dw.data() + slab.group * q.kg, q.k);
    });
    return dw;
  });
  return gradient_of_subtrees(shards.count, trees, std::move(sums));
}

}  // namespace excite
