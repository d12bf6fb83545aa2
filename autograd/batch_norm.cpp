// Batch normalization: the value, and right below it the gradient.
#include "autograd/batch_norm.h"

#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "autograd/shape_checks.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/shared_batch.h"

namespace excite {

void require_batch_norm(const char* op, const BatchNormInputs& inputs, double eps) {
  require(eps >= 0 && std::isfinite(eps), op, ": eps ", eps, ", expected a number of at least 0");
  require_channels(op, "gamma", inputs.x, inputs.gamma);
  require_channels(op, "beta", inputs.x, inputs.beta);
  require_channels(op, "running mean", inputs.x, inputs.running_mean);
  require_channels(op, "running variance", inputs.x, inputs.running_var);
}

void require_batch_statistics(const char* op, const BatchNormInputs& inputs, double eps) {
  require_batch_norm(op, inputs, eps);
  require(
      whole_rows(inputs.x.shape()) > 1, op, ": input ", inputs.x.shape(),
      " has one value per channel, expected at least two; use a larger batch or evaluation mode");
}

void update_running_stats(const BatchNormInputs& inputs, const ChannelMoments& batch,
                          double momentum) {
  const auto keep = static_cast<real>(1 - momentum), add = static_cast<real>(momentum),
             m = static_cast<real>(whole_rows(inputs.x.shape()));
  map_into([=](real running, real mean) { return keep * running + add * mean; },
           inputs.running_mean->value, batch.mean);
  map_into([=](real running, real var) { return keep * running + add * (var * m / (m - 1)); },
           inputs.running_var->value, batch.var);
}

namespace {
Tensor product(const Tensor& a, const Tensor& b) {
  return map([](real u, real v) { return u * v; }, a, b);
}
}  // namespace

BatchNormFactors::BatchNormFactors(const BatchNormInputs& inputs, const ChannelMoments& moments,
                                   double eps)
    : mean(moments.mean.clone()),
      inv_std(
          map([=](real var) { return 1 / std::sqrt(var + static_cast<real>(eps)); }, moments.var)),
      a(product(inputs.gamma->value, inv_std)) {}

BatchNormGradient::BatchNormGradient(const BatchNormFactors& z, const ChannelSums& e, long m)
    : slope(map([=](real a, real inv_std,
                    real e_x) { return -a * inv_std * inv_std * e_x / static_cast<real>(m); },
                z.a, z.inv_std, e.dy_x)),
      shift(map([=](real a, real sum) { return -a * sum / static_cast<real>(m); }, z.a, e.dy)),
      dgamma(product(e.dy_x, z.inv_std)) {}

// With n = (x - mean) / sqrt(var + eps) and y = gamma n + beta, sums and means over each channel:
//   dbeta = sum(dy),   dgamma = sum(dy n)
//   dx = gamma / sqrt(var + eps) (dy - mean(dy) - n mean(dy n))
// mean(dy) is the part of dx that goes through the batch's mean, n mean(dy n) the part that goes
// through its variance.
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
               const Var& running_var, double eps, double momentum) {
  const BatchNormInputs inputs{x, gamma, beta, running_mean, running_var};
  require_batch_statistics("batch_norm", inputs, eps);
  const ChannelMoments moments = channel_moments(x->value);
  update_running_stats(inputs, moments, momentum);
  const auto z = std::make_shared<const BatchNormFactors>(inputs, moments, eps);
  const Arithmetic work = batch_norm_arithmetic(x.shape().size());
  Tensor value = affine_rows(x->value, z->mean, z->a, beta->value);
  return result("batch_norm", std::move(value), {x, gamma, beta}, work, [=](Node& y) {
    ChannelSums sums = channel_sums(y.grad, x->value, z->mean);
    BatchNormGradient d(*z, sums, whole_rows(x.shape()));
    if (x.requires_grad())
      x.add_grad(affine_rows(x->value, z->mean, d.slope, d.shift, y.grad, z->a));
    gamma.add_grad(std::move(d.dgamma));
    beta.add_grad(std::move(sums.dy));
  });
}

// The running statistics are constants, so dx = gamma / sqrt(var + eps) dy.
Var batch_norm_running(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
                       const Var& running_var, double eps) {
  const BatchNormInputs inputs{x, gamma, beta, running_mean, running_var};
  require_batch_norm("batch_norm_running", inputs, eps);
  const auto z = std::make_shared<const BatchNormFactors>(
      inputs, ChannelMoments{running_mean->value.clone(), running_var->value.clone()}, eps);
  Tensor value = affine_rows(x->value, z->mean, z->a, beta->value);
  const std::vector<Var> all{x, gamma, beta, running_mean, running_var};
  const Var out = result("batch_norm_running", std::move(value), all, [=](Node& y) {
    ChannelSums sums = channel_sums(y.grad, x->value, z->mean);
    const Tensor zero = zeros(gamma.shape());
    if (x.requires_grad()) x.add_grad(affine_rows(y.grad, zero, z->a, zero));
    gamma.add_grad(product(sums.dy_x, z->inv_std));
    beta.add_grad(std::move(sums.dy));
  });
  return with_options(out, {{"eps", {eps}}});
}

}  // namespace excite
