// A convolution whose weight is constant, as in inference: it is packed once, for the algorithm
// that conv2d would choose.
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"
#include "core/precision.h"

namespace excite {

class PrepackedConv2d {
 public:
  // w [R, S, C/groups, K]; scale and bias [K], one number per output channel. Where bfloat16 does
  // not support the shape, such as that of a first layer, the products are in full precision. Error
  // if it is not available in this build.
  PrepackedConv2d(const Tensor& w, const Tensor& scale, const Tensor& bias,
                  const Conv2dOptions& options, Precision precision = Precision::full);
  Tensor conv(const Tensor& x) const;       // conv2d(x, w) * scale + bias
  Tensor conv_relu(const Tensor& x) const;  // max(conv2d(x, w) * scale + bias, 0)

  // The input of squeeze-and-excitation: y = conv2d(x, w) * scale, and the mean of each channel of
  // y + bias over the pixels of each image, [N, K].
  struct Squeezed {
    Tensor y, means;
  };
  // x [N, H, W, C]; both results from one pass.
  Squeezed conv_squeezed(const Tensor& x) const;
  const Tensor& minus_bias() const { return minus_bias_; }  // [K]

 private:
  Tensor run(const Conv2dShape& shape, const Tensor& x, const Epilogue& epilogue) const;
  Shape weight_shape_;
  Conv2dOptions options_;
  Precision precision_;
  Conv2dAlgorithm algorithm_;
  Buffer packed_weight_;
  Tensor minus_bias_;
  BiasClamp bias_only_, bias_relu_;
};

}  // namespace excite
