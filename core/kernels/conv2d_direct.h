// Convolution without unfolding: the sums of a few output pixels and channels stay in registers
// while the loops over taps and input channels run. Any kernel, stride, padding, dilation and
// groups; made for strided, 1x1, few-channel and grouped convolutions.
//
// Where an output pixel finds its inputs is a list of taps. A gradient dx is such a list too:
// pixels of x that are a stride apart have the same taps, so a convolution with stride 2 has four
// lists, of the pixels whose row and column are even or odd.
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

// w times a number for each output channel, [K], packed for the tiles. Of `shape` only the weight's
// part counts.
Buffer direct_weight(const Conv2dShape& shape, const Tensor& w, const Tensor& scale);
inline constexpr long direct_run = 192;  // pixels of y that are written one after the other
inline RunSums direct_sums(const Shape& y) { return {y, direct_run}; }
Tensor conv2d_direct(const Conv2dShape& shape, const Tensor& x, const Buffer& weight,
                     const Epilogue& write);
Tensor conv2d_direct(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_direct_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_direct_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);

}  // namespace excite
