#include "core/kernels/conv2d_prepacked.h"

#include <limits>
#include <utility>

#include "core/check.h"
#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_winograd.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {
const Shape& checked(const Shape& w, const Shape& scale, const Shape& bias) {
  require(w.rank() == 4, "conv2d: weight has shape ", w, ", expected [R, S, C/groups, K]");
  for (const auto& [what, shape] : {std::pair{"scale", scale}, {"bias", bias}})
    require(shape == Shape{w[3]}, "conv2d: weight ", w, " needs a ", what, " for each of its ",
            w[3], " output channels, but it has shape ", shape);
  return w;
}

// The smallest image that the weights can be used on. The way that is taken does not depend on the
// image's size.
Conv2dShape smallest(const Shape& w, const Conv2dOptions& o) {
  return Conv2dShape(
      {1, (w[0] - 1) * o.dilation.h + 1, (w[1] - 1) * o.dilation.w + 1, w[2] * o.groups}, w, o);
}

// Winograd's weights are four times as many, 36 for each pair of channels. Where they outgrow a
// core's cache, every image fetches them from memory again, which takes as long as the
// multiplications that they save; and a large network would hold several times its own weights.
Conv2dAlgorithm prepacked_algorithm(const Conv2dShape& q) {
  constexpr long max_numbers = 1l << 20;
  const Conv2dAlgorithm path = conv2d_algorithm(q);
  return path == Conv2dAlgorithm::winograd && 36 * q.c * q.k > max_numbers ? Conv2dAlgorithm::direct
                                                                           : path;
}
}  // namespace

PrepackedConv2d::PrepackedConv2d(const Tensor& w, const Tensor& scale, const Tensor& bias,
                                 const Conv2dOptions& options)
    : weight_shape_(checked(w.shape(), scale.shape(), bias.shape())),
      options_(options),
      path_(prepacked_algorithm(smallest(w.shape(), options))),
      weight_(path_ == Conv2dAlgorithm::winograd
                  ? winograd_weight(w, scale)
                  : direct_weight(smallest(w.shape(), options), w, scale)),
      minus_bias_(map([](real b) { return -b; }, bias)),
      plain_(bias, -std::numeric_limits<real>::infinity()),
      relu_(bias, 0) {}

Tensor PrepackedConv2d::conv(const Tensor& x) const {
  return run({x.shape(), weight_shape_, options_}, x, plain_);
}
Tensor PrepackedConv2d::conv_relu(const Tensor& x) const {
  return run({x.shape(), weight_shape_, options_}, x, relu_);
}

PrepackedConv2d::Squeezed PrepackedConv2d::conv_squeezed(const Tensor& x) const {
  const Conv2dShape q(x.shape(), weight_shape_, options_);
  RunSums sums = path_ == Conv2dAlgorithm::winograd ? winograd_sums(q.y()) : direct_sums(q.y());
  Tensor y = run(q, x, AccumulateMoments{sums}), means = moments_of(sums).mean;
  return {std::move(y), affine_rows(means, minus_bias_, full(minus_bias_.shape(), 1),
                                    zeros(minus_bias_.shape()))};
}

Tensor PrepackedConv2d::run(const Conv2dShape& q, const Tensor& x, const Epilogue& write) const {
  return path_ == Conv2dAlgorithm::winograd ? conv2d_winograd(q, x, weight_, Identity(), write)
                                            : conv2d_direct(q, x, weight_, write);
}

}  // namespace excite
