// 3x3 convolution at stride 1 with a quarter of the multiplications: Winograd's minimal filtering
// F(4x4, 3x3), after Lavin and Gray (arXiv 1509.09308).
//
// A tile of 4x4 outputs reads a 6x6 tile x of the image. With the matrices of winograd_tile.h,
//   y = A^T [ sum over c of (G w G^T) . (B^T x B) ] A          . multiplies element by element
// This takes 36 products per channel and tile instead of 144. At each of the 36 positions they are
// a matrix product, (tiles, C) (C, K). The formula is linear in x and in w, which gives the
// gradients:
//   dw = G^T [ sum over tiles of (B^T x B) . (A dy A^T) ] G
//   dx = the convolution of dy with the kernel rotated by 180 degrees,
//        C and K swapped, and padding 2 - pad
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

// Whether the kernel is 3x3 at stride 1, without dilation and groups, and the padding at most 2.
bool winograd_supports(const Conv2dShape& shape);

// G w G^T times scale [K], packed for the products: [36][C, K].
Buffer winograd_packed_weight(const Tensor& w, const Tensor& scale);

// A run is a part of a band, which has four rows of y (winograd_bands.h).
inline constexpr long winograd_columns_per_run = 64;
inline RunSums winograd_run_sums(const Shape& y) { return {y, 4, winograd_columns_per_run}; }

// The prologue is applied to each number of x as it is read, the epilogue to each number of y
// before it is written.
Tensor conv2d_winograd(const Conv2dShape& shape, const Tensor& x, const Buffer& packed_weight,
                       const Prologue& prologue, const Epilogue& epilogue);
Tensor conv2d_winograd(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_winograd_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_winograd_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w,
                          const Epilogue& epilogue);
Tensor conv2d_winograd_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);
Tensor conv2d_winograd_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy,
                          const Prologue& prologue);
// dx += the gradient
void conv2d_winograd_add_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w,
                            Tensor& dx);

}  // namespace excite
