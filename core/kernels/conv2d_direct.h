// Convolution without unfolding. The sums of a few output pixels and channels stay in registers
// while the loops over taps and input channels run. A tap is one (r, s) of the kernel. Any kernel,
// stride, padding, dilation and groups; it is written for strided, 1x1, few-channel and grouped
// convolutions.
//
// A list of taps says where an output pixel finds its inputs. The gradient dx has such lists too.
// Pixels of x that are one stride apart have the same taps, so at stride 2 there are four lists:
// for even and odd rows and columns.
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

// w [R, S, C/groups, K] times scale [K], packed for the microkernel. Of `shape`, only the lengths
// of the weight are used.
Buffer direct_packed_weight(const Conv2dShape& shape, const Tensor& w, const Tensor& scale);

// The length of a run: the pixels of y that one thread writes in order.
inline constexpr long direct_pixels_per_run = 192;
inline RunSums direct_run_sums(const Shape& y) {
  return {{y[0], 1, y[1] * y[2], y[3]}, 1, direct_pixels_per_run};
}

// The epilogue is applied to each number of y before it is written.
Tensor conv2d_direct(const Conv2dShape& shape, const Tensor& x, const Buffer& packed_weight,
                     const Epilogue& epilogue);
Tensor conv2d_direct(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_direct_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_direct_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);
// dx += the gradient
void conv2d_direct_add_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w, Tensor& dx);

}  // namespace excite
