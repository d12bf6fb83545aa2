// A convolution whose weights stay as they are, as in inference: they are made ready once for the
// way that conv2d would take.
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

class PrepackedConv2d {
 public:
  PrepackedConv2d(const Tensor& w, const Tensor& scale, const Tensor& bias,
                  const Conv2dOptions& options);  // scale, bias: [K]
  Tensor conv(const Tensor& x) const;             // conv2d(x, w) * scale + bias
  Tensor conv_relu(const Tensor& x) const;        // max(conv2d(x, w) * scale + bias, 0)

  // y = conv2d(x, w) * scale, and what squeeze-and-excitation would squeeze out of y + bias: the
  // mean of each image, [N, K]
  struct Squeezed {
    Tensor y, means;
  };
  Squeezed conv_squeezed(const Tensor& x) const;
  const Tensor& minus_bias() const { return minus_bias_; }  // [K]

 private:
  Tensor run(const Conv2dShape& shape, const Tensor& x, const Epilogue& write) const;
  Shape weight_shape_;
  Conv2dOptions options_;
  Conv2dAlgorithm path_;
  Buffer weight_;  // as the path wants it
  Tensor minus_bias_;
  BiasClamp plain_, relu_;
};

}  // namespace excite
