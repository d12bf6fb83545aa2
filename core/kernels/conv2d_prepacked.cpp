#include "core/kernels/conv2d_prepacked.h"

#include <limits>
#include <utility>

#include "core/check.h"
#include "core/kernels/conv2d_bfloat16.h"
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

// The convolution of the smallest possible image. The choice of an algorithm does not depend on the
// size of the image.
Conv2dShape smallest_conv(const Shape& w, const Conv2dOptions& o) {
  return Conv2dShape(
      {1, (w[0] - 1) * o.dilation.h + 1, (w[1] - 1) * o.dilation.w + 1, w[2] * o.groups}, w, o);
}

// A Winograd weight has 36 numbers per pair of channels, four times as many as w. If it outgrows
// the caches, every image reads it from memory again. With 256 channels, 9 MB in float, that takes
// less time than the multiplications that Winograd saves; with 512 it takes longer, and a network
// would need several times the memory of its weights.
Conv2dAlgorithm prepacked_algorithm(const Conv2dShape& q, Precision precision) {
  const long max_numbers = precision == Precision::bfloat16 ? 1l << 21 : 1l << 22;
  const Conv2dAlgorithm algorithm = conv2d_algorithm(q);
  return algorithm == Conv2dAlgorithm::winograd && 36 * q.c * q.k > max_numbers
             ? Conv2dAlgorithm::direct
             : algorithm;
}

Precision supported_precision(const Conv2dShape& q, Precision precision) {
  if (precision == Precision::bfloat16) require_bfloat16();
  return bfloat16_supports(q) ? precision : Precision::full;
}

Buffer packed_weight(const Conv2dShape& q, const Tensor& w, const Tensor& scale,
                     Conv2dAlgorithm algorithm, Precision precision) {
  const bool winograd = algorithm == Conv2dAlgorithm::winograd;
  Buffer packed = winograd ? winograd_packed_weight(w, scale) : direct_packed_weight(q, w, scale);
  if (precision == Precision::full) return packed;
  return winograd ? winograd_weight_in_bfloat16(q, packed) : direct_weight_in_bfloat16(q, packed);
}
}  // namespace

PrepackedConv2d::PrepackedConv2d(const Tensor& w, const Tensor& scale, const Tensor& bias,
                                 const Conv2dOptions& options, Precision precision)
    : weight_shape_(checked(w.shape(), scale.shape(), bias.shape())),
      options_(options),
      precision_(supported_precision(smallest_conv(w.shape(), options), precision)),
      algorithm_(prepacked_algorithm(smallest_conv(w.shape(), options), precision_)),
      packed_weight_(
          packed_weight(smallest_conv(w.shape(), options), w, scale, algorithm_, precision_)),
      minus_bias_(map([](real b) { return -b; }, bias)),
      bias_only_(bias, -std::numeric_limits<real>::infinity()),
      bias_relu_(bias, 0) {}

Tensor PrepackedConv2d::conv(const Tensor& x) const {
  return run({x.shape(), weight_shape_, options_}, x, bias_only_);
}
Tensor PrepackedConv2d::conv_relu(const Tensor& x) const {
  return run({x.shape(), weight_shape_, options_}, x, bias_relu_);
}

PrepackedConv2d::Squeezed PrepackedConv2d::conv_squeezed(const Tensor& x) const {
  const Conv2dShape q(x.shape(), weight_shape_, options_);
  RunSums sums =
      algorithm_ == Conv2dAlgorithm::winograd ? winograd_run_sums(q.y()) : direct_run_sums(q.y());
  Tensor y = run(q, x, AccumulateMoments{sums}), means = moments_of(sums).mean;
  return {std::move(y), affine_rows(means, minus_bias_, full(minus_bias_.shape(), 1),
                                    zeros(minus_bias_.shape()))};
}

Tensor PrepackedConv2d::run(const Conv2dShape& q, const Tensor& x, const Epilogue& epilogue) const {
  const bool winograd = algorithm_ == Conv2dAlgorithm::winograd;
  if (precision_ == Precision::bfloat16)
    return winograd ? conv2d_winograd_bfloat16(q, x, packed_weight_, epilogue)
                    : conv2d_direct_bfloat16(q, x, packed_weight_, epilogue);
  return winograd ? conv2d_winograd(q, x, packed_weight_, Identity(), epilogue)
                  : conv2d_direct(q, x, packed_weight_, epilogue);
}

}  // namespace excite
