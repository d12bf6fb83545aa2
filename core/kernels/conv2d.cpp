#include "core/kernels/conv2d.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/kernels/conv2d_algorithms.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/simd.h"
#include "core/shared_batch.h"
#include "core/text.h"

namespace excite {

Conv2dShape::Conv2dShape(const Shape& x, const Shape& weight, const Conv2dOptions& o)
    : groups(o.groups), stride(o.stride), pad(o.pad), dilation(o.dilation) {
  require_images("conv2d", x);
  require(weight.rank() == 4, "conv2d: weight has shape ", weight,
          ", expected [R, S, C/groups, K]");
  const bool options_valid =
      stride.h > 0 && stride.w > 0 && dilation.h > 0 && dilation.w > 0 && pad.h >= 0 && pad.w >= 0;
  require(options_valid, "conv2d: stride ", stride, ", dilation ", dilation, " and padding ", pad,
          ", expected stride and dilation of at least 1 and padding of at least 0");
  n = x[0], h = x[1], w = x[2], c = x[3];
  r = weight[0], s = weight[1], cg = weight[2], k = weight[3];
  if (groups <= 0 || c != cg * groups)
    throw Error(text("conv2d: input ", x, " has ", c, " channels, but weight ", weight, " with ",
                     counted(groups, "group"), " expects ", cg * groups,
                     h == cg * groups ? "; images are [N, H, W, C], and these seem to be "
                                        "[N, C, H, W]"
                                      : "; images are [N, H, W, C]"));
  require(k % groups == 0, "conv2d: weight ", weight, " has ", k,
          " output channels, expected a multiple of the ", groups, " groups");
  kg = k / groups;
  const long span_h = (r - 1) * dilation.h + 1, span_w = (s - 1) * dilation.w + 1;
  oh = (h + 2 * pad.h - span_h) / stride.h + 1;
  ow = (w + 2 * pad.w - span_w) / stride.w + 1;
  const bool kernel_fits = r > 0 && s > 0 && h + 2 * pad.h >= span_h && w + 2 * pad.w >= span_w;
  require(kernel_fits, "conv2d: input ", x, " with padding ", pad, " is smaller than weight ",
          weight, " with dilation ", dilation, ", which covers ", Size2(span_h, span_w));
}

// The cost of Winograd's transforms is shared by the channels, so few channels are not worth it.
// `excite bench --ops` measures every algorithm on the shapes of the models.
Conv2dAlgorithm conv2d_algorithm(const Conv2dShape& q) {
  return winograd_supports(q) && std::min(q.c, q.k) >= 8 ? Conv2dAlgorithm::winograd
                                                         : Conv2dAlgorithm::direct;
}

// Where Winograd does not apply, BLAS is faster than direct for large weights on machines with
// 32-byte vectors. With 64-byte vectors direct is faster, because the OpenBLAS kernels measured
// there use 32-byte vectors only (core/PERFORMANCE.md).
Conv2dAlgorithm conv2d_dw_algorithm(const Conv2dShape& q) {
  if (winograd_supports(q) && std::min(q.c, q.k) >= 16) return Conv2dAlgorithm::winograd;
  return q.groups == 1 && q.c * q.k >= 64 * 64 && vector_bytes < 64 ? Conv2dAlgorithm::blas
                                                                    : Conv2dAlgorithm::direct;
}

namespace {
// The algorithm that the options ask for, or `choice` if they leave it open.
const Conv2dFunctions& functions(const Conv2dOptions& o, const Conv2dShape& q,
                                 Conv2dAlgorithm choice) {
  if (o.algorithm == Conv2dAlgorithm::winograd)
    require(winograd_supports(q), "conv2d: the algorithm winograd supports 3x3 kernels with ",
            "stride, dilation and groups of 1, but the weight has shape ", q.weight(), ", stride ",
            q.stride, ", dilation ", q.dilation, " and ", q.groups,
            " groups; use Conv2dAlgorithm::automatic");
  return conv2d_functions(o.algorithm == Conv2dAlgorithm::automatic ? choice : o.algorithm);
}
}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& w, const Conv2dOptions& options) {
  const Conv2dShape q(x.shape(), w.shape(), options);
  return functions(options, q, conv2d_algorithm(q)).y(q, x, w);
}

Tensor conv2d_dx(const Tensor& dy, const Tensor& w, const Shape& x, const Conv2dOptions& options) {
  const Conv2dShape q(x, w.shape(), options);
  return functions(options, q, conv2d_algorithm(q)).dx(q, dy, w);
}

void conv2d_add_dx(const Tensor& dy, const Tensor& w, Tensor& dx, const Conv2dOptions& options) {
  const Conv2dShape q(dx.shape(), w.shape(), options);
  const Conv2dFunctions& chosen = functions(options, q, conv2d_algorithm(q));
  if (chosen.add_dx)
    chosen.add_dx(q, dy, w, dx);
  else
    add_to(dx, chosen.dx(q, dy, w));
}

namespace {
// The images of all ranks that share the batch.
Tensor whole_batch_of(const Tensor& x) {
  const std::vector<real> all = gather_batch(std::vector<real>(x.begin(), x.end()));
  std::vector<long> dims = x.shape().dims();
  dims[0] = whole_batch(dims[0]);
  Tensor whole{Shape(dims)};
  std::copy(all.begin(), all.end(), whole.begin());
  return whole;
}
}  // namespace

// The plain loops have no shards. Where ranks share the batch, each computes all of it.
Tensor conv2d_dw(const Tensor& x, const Tensor& dy, const Shape& w, const Conv2dOptions& options) {
  const Conv2dShape q(x.shape(), w, options);
  if (options.algorithm == Conv2dAlgorithm::reference && SharedBatch::current_for_sums()) {
    const Tensor all_x = whole_batch_of(x);
    return conv2d_reference_dw({all_x.shape(), w, options}, all_x, whole_batch_of(dy));
  }
  return functions(options, q, conv2d_dw_algorithm(q)).dw(q, x, dy);
}

}  // namespace excite
