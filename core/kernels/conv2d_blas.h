// Convolution as matrix products: the path to read first. Any kernel, stride, padding, dilation and
// groups.
//
// Unfolded, a slab of output pixels at a time:  Y = X W,  X is (pixels, R*S*C), W is (R*S*C, K).
// Transposing each factor in turn,
//   dW = X^T dY          dx = fold(dY W^T)
// where fold adds, because one pixel is read by up to R*S windows. That "+=" is the whole backward
// pass.
#pragma once
#include "core/kernels/conv2d.h"

namespace excite {

Tensor conv2d_blas(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_blas_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_blas_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);

}  // namespace excite
