// Convolution (cross-correlation, as everywhere in deep learning) of images, and its two gradients.
//
//   y[n,i,j,k] = sum over r,s,c of  x[n, i*stride + r*dilation - pad, j*stride + s*dilation - pad,
//   c] * w[r,s,c,k]
//
// where x is zero outside the image. With groups, output channel k of group g = k / (K/groups) sees
// the input channels of group g alone, so w is [R, S, C/groups, K].
#pragma once
#include "core/tensor.h"

namespace excite {

struct Conv2dOptions {
  Size2 stride = 1, pad = 0, dilation = 1;
  long groups = 1;
};

// Every length a convolution needs, worked out and checked once from the shapes of x and w.
struct Conv2dShape {
  long n, h, w, c;       // of x
  long r, s, k, groups;  // of w
  long cg, kg;           // channels a group: c / groups, k / groups
  long oh, ow;           // of y
  Size2 stride, pad, dilation;
  Conv2dShape(const Shape& x, const Shape& weight, const Conv2dOptions& options);
  Shape y() const { return {n, oh, ow, k}; }
  Shape x() const { return {n, h, w, c}; }
  Shape weight() const { return {r, s, cg, k}; }
};

// Beside the definition, conv2d_reference, there are three ways to compute one, each in a file of
// its name: unfolding and BLAS (any shape), direct (any shape), and Winograd's (3x3 at stride 1).
// Which is taken follows from the shape and the width of this build's vectors: if it were timed, no
// run could be repeated.
enum class Conv2dAlgorithm { blas, direct, winograd };
Conv2dAlgorithm conv2d_algorithm(const Conv2dShape& shape);  // of y and dx: direct or Winograd's
Conv2dAlgorithm conv2d_dw_algorithm(const Conv2dShape& shape);

Tensor conv2d(const Tensor& x, const Tensor& w, const Conv2dOptions& options);  // y
Tensor conv2d_dx(const Tensor& dy, const Tensor& w, const Shape& x, const Conv2dOptions& options);
Tensor conv2d_dw(const Tensor& x, const Tensor& dy, const Shape& w, const Conv2dOptions& options);

}  // namespace excite
