#include "core/kernels/conv2d_bfloat16.h"

#include "core/check.h"
#include "core/kernels/bfloat16.h"
#include "core/kernels/conv2d_direct_forward.h"
#include "core/kernels/microkernel_products.h"
#include "core/kernels/winograd_forward.h"
#include "core/parallel.h"

namespace excite {

void require_bfloat16() {
  require(
      has_bfloat16,
      "bfloat16: this build has no bfloat16 products; they need a CPU with AVX512-BF16 (AMD from "
      "Zen 4, Intel from Cooper Lake), a build for it (MARCH=native) and the float library");
}

bool bfloat16_supports(const Conv2dShape& q) { return q.cg % 2 == 0 && q.c >= lanes; }

#ifdef EXCITE_HAS_BFLOAT16

void microkernel(const BfloatPair* const* x, long tap_stride, long rows, long first_channel,
                 long taps, long channels, const BfloatPair* w, long width, real* y,
                 long y_stride) {
  ProductKernels<BfloatPair>::pointers_by_width[width / lanes - 1][rows - 1](
      x, tap_stride, first_channel, taps, channels, w, y, y_stride);
}
void microkernel(const BfloatPair* x, long x_stride, long rows, long channels, const BfloatPair* w,
                 long width, real* y, long y_stride) {
  ProductKernels<BfloatPair>::matrices_by_width[width / lanes - 1][rows - 1](x, x_stride, channels,
                                                                             w, y, y_stride);
}
void small_microkernel(const BfloatPair* x, long rows, const BfloatPair* w, real* y) {
  small_product<small_channels / channels_of<BfloatPair>>(x, rows, w, y);
}

namespace {

// A buffer of reals whose memory holds as many pairs.
const BfloatPair* pairs(const Buffer& buffer) {
  return reinterpret_cast<const BfloatPair*>(buffer.data());
}
BfloatPair* pairs(Buffer& buffer) { return reinterpret_cast<BfloatPair*>(buffer.data()); }

Groups groups_of(const Conv2dShape& q) { return {q.groups, q.cg, q.kg}; }

// Packed matrices (rows, cols) with an even number of rows: the numbers of two rows become pairs.
Buffer rows_in_pairs(const Buffer& packed, long matrices, long rows, long cols) {
  const long size = packed_size(rows, cols);
  Buffer result(std::max(1l, matrices * size / 2));
  parallel_for(matrices, [&](long i) {
    for (long k = 0; k < cols; k += tile_vectors * lanes) {
      const long width = panel_width(k, cols);
      const real* from = packed.data() + i * size + k * rows;
      BfloatPair* to = pairs(result) + i * size / 2 + k * rows / 2;
      for (long row = 0; row < rows; row += 2, from += 2 * width, to += width)
        for (long v = 0; v < width; v += lanes)
          store(to + v, load(from + v), load(from + width + v));
    }
  });
  return result;
}

Buffer in_pairs(const Tensor& x) {
  Buffer result(std::max(1l, x.size() / 2));
  constexpr long piece = 1l << 14;
  parallel_for((x.size() + piece - 1) / piece, [&](long i) {
    const long begin = i * piece, end = std::min(begin + piece, x.size());
    BfloatPair* to = pairs(result) + begin / 2;
    const real* from = x.data() + begin;
    for_vectors(end - begin, [&](long v, auto count) {
      alignas(vector_bytes) BfloatPair rounded[lanes / 2];
      store(rounded, load(from + v, count));
      std::copy_n(rounded, count / 2, to + v / 2);
    });
  });
  return result;
}

}  // namespace

Buffer direct_weight_in_bfloat16(const Conv2dShape& q, const Buffer& packed_weight) {
  const Groups groups = groups_of(q);
  return rows_in_pairs(packed_weight, groups.count, q.r * q.s * groups.in, groups.out);
}
Buffer winograd_weight_in_bfloat16(const Conv2dShape& q, const Buffer& packed_weight) {
  return rows_in_pairs(packed_weight, Winograd::positions, q.c, q.k);
}

Tensor conv2d_direct_bfloat16(const Conv2dShape& q, const Tensor& x, const Buffer& weight,
                              const Epilogue& epilogue) {
  Tensor y(q.y());
  Groups groups = groups_of(q);
  groups.in /= 2;
  const Buffer rounded = in_pairs(x);
  std::visit(
      [&](const auto& chosen_epilogue) {
        convolve<BfloatPair>({{forward_grid(q), pairs(weight)}}, {q.n, q.h, q.w, q.c / 2},
                             pairs(rounded), groups, chosen_epilogue, {q.n, q.oh, q.ow, q.k},
                             Output(y));
      },
      epilogue);
  return y;
}

Tensor conv2d_winograd_bfloat16(const Conv2dShape& q, const Tensor& x, const Buffer& weight,
                                const Epilogue& epilogue) {
  Tensor y(q.y());
  convolve(q, x, pairs(weight), Identity(), epilogue, y);
  return y;
}

#else

Buffer direct_weight_in_bfloat16(const Conv2dShape&, const Buffer&) {
  require_bfloat16();
  return {};
}
Buffer winograd_weight_in_bfloat16(const Conv2dShape&, const Buffer&) {
  require_bfloat16();
  return {};
}
Tensor conv2d_direct_bfloat16(const Conv2dShape&, const Tensor&, const Buffer&, const Epilogue&) {
  require_bfloat16();
  return {};
}
Tensor conv2d_winograd_bfloat16(const Conv2dShape&, const Tensor&, const Buffer&, const Epilogue&) {
  require_bfloat16();
  return {};
}

#endif

}  // namespace excite
