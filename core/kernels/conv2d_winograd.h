// 3x3 convolution at stride 1 with a quarter of the multiplications: F(4x4, 3x3) of Winograd's
// minimal filtering (Lavin, Gray, arXiv 1509.09308).
//
// A tile of 4x4 outputs needs a 6x6 piece of the image, x. With the matrices of winograd_tile.h,
//   y = A^T [ sum over c of (G w G^T) . (B^T x B) ] A           where . is taken number by number:
// 36 products a channel and tile instead of 144. For each of the 36 places they are a matrix
// product, (tiles, C) (C, K). The gradients follow from the formula, which is linear in x and in w:
//   dx  is a convolution of dy with the weights turned round, C and K swapped, and padding 2 - p;
//   dw = G^T [ sum over tiles of (B^T x B) . (A dy A^T) ] G
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

bool winograd_can(
    const Conv2dShape& shape);  // 3x3, stride 1, no dilation, no groups, padding at most 2

Buffer winograd_weight(const Tensor& w,
                       const Tensor& scale);  // G w G^T times a number for each output channel,
                                              // [K]; packed for the products
inline RunSums winograd_sums(const Shape& y) {
  return {y, 4 * y[2]};
}  // it writes four rows at a time
Tensor conv2d_winograd(const Conv2dShape& shape, const Tensor& x, const Buffer& weight,
                       const Prologue& read, const Epilogue& write);
Tensor conv2d_winograd(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_winograd_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_winograd_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w,
                          const Epilogue& write);
Tensor conv2d_winograd_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);
Tensor conv2d_winograd_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy,
                          const Prologue& read);

}  // namespace excite
