// 2-D convolution (cross-correlation, as everywhere in deep learning) and its two gradients.
//
//   y[n,i,j,k] = sum over r,s,c of  x[n, row, col, c] * w[r,s,c,k]
//   row = i*stride + r*dilation - pad,    col = j*stride + s*dilation - pad
//
// x is [N, H, W, C] and zero outside the image, w is [R, S, C/groups, K], y is [N, OH, OW, K]. With
// groups, output channel k belongs to group k / (K/groups) and reads the input channels of that
// group alone.
#pragma once
#include "core/tensor.h"

namespace excite {

// The algorithms, each in the files conv2d_NAME.h and .cpp: reference (plain loops), blas (im2col
// and matrix products), direct, and winograd (3x3 at stride 1 alone). `automatic` chooses the
// fastest by shape and by the vector width of this build, never by timing, so a run can be repeated
// exactly.
enum class Conv2dAlgorithm { automatic, reference, blas, direct, winograd };

struct Conv2dOptions {
  Size2 stride = 1, pad = 0, dilation = 1;
  long groups = 1;
  Conv2dAlgorithm algorithm = Conv2dAlgorithm::automatic;  // of y, dx and dw
};

// All lengths of a convolution, computed once from the shapes of x and w. Throws an Error if the
// shapes and options do not fit. The kernels call it q.
struct Conv2dShape {
  long n, h, w, c;       // of x
  long r, s, k, groups;  // of the weight
  long cg, kg;           // channels per group: c / groups, k / groups
  long oh, ow;           // of y
  Size2 stride, pad, dilation;
  Conv2dShape(const Shape& x, const Shape& weight, const Conv2dOptions& options);
  Shape y() const { return {n, oh, ow, k}; }
  Shape x() const { return {n, h, w, c}; }
  Shape weight() const { return {r, s, cg, k}; }
};

// The automatic choice.
Conv2dAlgorithm conv2d_algorithm(const Conv2dShape& shape);  // of y and dx: direct or winograd
Conv2dAlgorithm conv2d_dw_algorithm(const Conv2dShape& shape);

// y [N, OH, OW, K], dx [N, H, W, C] and dw [R, S, C/groups, K]. Error if options.algorithm does not
// support the shape.
Tensor conv2d(const Tensor& x, const Tensor& w, const Conv2dOptions& options);
Tensor conv2d_dx(const Tensor& dy, const Tensor& w, const Shape& x, const Conv2dOptions& options);
// dx += the gradient: where x has several users, their gradients are added.
void conv2d_add_dx(const Tensor& dy, const Tensor& w, Tensor& dx, const Conv2dOptions& options);
Tensor conv2d_dw(const Tensor& x, const Tensor& dy, const Shape& w, const Conv2dOptions& options);

}  // namespace excite
