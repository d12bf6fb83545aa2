// Convolution by im2col and matrix products: the algorithm to read first. It takes any kernel,
// stride, padding, dilation and groups.
//
// Unfolding (im2col) writes the R*S*C numbers that each output pixel reads as a row of X:
//   Y = X W            X is (pixels, R*S*C), W is (R*S*C, K)
// The gradients are those of a product:
//   dW = X^T dY        dx = fold(dY W^T)
// A pixel is read by up to R*S windows, so fold (col2im) adds their gradients.
#pragma once
#include "core/kernels/conv2d.h"

namespace excite {

// y [N, OH, OW, K], dx [N, H, W, C] and dw [R, S, C/groups, K].
Tensor conv2d_blas(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_blas_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_blas_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);

}  // namespace excite
