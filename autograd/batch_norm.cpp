// The pages of batch normalization: the value, and right under it the gradient.
#include "autograd/batch_norm.h"

#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

void require_norm(const char* op, const NormVars& v, double eps) {
  require(eps >= 0 && std::isfinite(eps), op, ": eps ", eps, ", expected a number of at least 0");
  const Shape& x = v.x.shape();
  const auto require_channels = [&](const char* what, const Var& b) {
    require(x.rank() >= 1 && b.shape() == Shape{x[-1]}, op, ": input ", x, " needs a ", what,
            " for each of its ", x.rank() ? x[-1] : 0, " channels, but it has shape ", b.shape());
  };
  require_channels("gamma", v.gamma);
  require_channels("beta", v.beta);
  require_channels("running mean", v.running_mean);
  require_channels("running variance", v.running_var);
}

void require_batch(const char* op, const NormVars& v, double eps) {
  require_norm(op, v, eps);
  require(v.x.shape().rows() > 1, op, ": input ", v.x.shape(),
          " has one value a channel, whose variance is nothing to divide by; train with more "
          "images or evaluate");
}

void move_running(const NormVars& v, const ChannelMoments& batch, double momentum) {
  const auto keep = static_cast<real>(1 - momentum), take = static_cast<real>(momentum),
             m = static_cast<real>(v.x.shape().rows());
  map_into([=](real running, real now) { return keep * running + take * now; },
           v.running_mean->value, batch.mean);
  map_into([=](real running, real now) { return keep * running + take * (now * m / (m - 1)); },
           v.running_var->value, batch.var);
}

namespace {
Tensor product(const Tensor& a, const Tensor& b) {
  return map([](real u, real v) { return u * v; }, a, b);
}
}  // namespace

Normalized::Normalized(const NormVars& v, const ChannelMoments& moments, double eps)
    : mean(moments.mean.clone()),
      inverse(
          map([=](real var) { return 1 / std::sqrt(var + static_cast<real>(eps)); }, moments.var)),
      a(product(v.gamma->value, inverse)) {}

NormGradient::NormGradient(const Normalized& z, const ChannelSums& e, long m)
    : slope(map([=](real a, real inverse,
                    real e_x) { return -a * inverse * inverse * e_x / static_cast<real>(m); },
                z.a, z.inverse, e.dy_x)),
      shift(map([=](real a, real sum) { return -a * sum / static_cast<real>(m); }, z.a, e.dy)),
      dgamma(product(e.dy_x, z.inverse)) {}

// With m values a channel, z = (x - mean) / sqrt(var + eps) and y = gamma z + beta:
//   dbeta = sum dy      dgamma = sum dy z
//   dx = gamma / sqrt(var + eps) (dy - mean(dy) - z mean(dy z))
// where the two means are what reaches x through the batch's mean and through its variance.
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
               const Var& running_var, double eps, double momentum) {
  const NormVars vars{x, gamma, beta, running_mean, running_var};
  require_batch("batch_norm", vars, eps);
  const ChannelMoments moments = channel_moments(x->value);
  move_running(vars, moments, momentum);
  const auto z = std::make_shared<const Normalized>(vars, moments, eps);
  const Arithmetic work = batch_norm_arithmetic(x.shape().size());
  Tensor value = affine_rows(x->value, z->mean, z->a, beta->value);
  return result("batch_norm", std::move(value), {x, gamma, beta}, work, [=](Node& y) {
    ChannelSums sums = channel_sums(y.grad, x->value, z->mean);
    NormGradient by(*z, sums, x.shape().rows());
    if (x.requires_grad())
      x.add_grad(affine_rows(x->value, z->mean, by.slope, by.shift, y.grad, z->a));
    gamma.add_grad(std::move(by.dgamma));
    beta.add_grad(std::move(sums.dy));
  });
}

// The statistics are constants here, so dx = gamma / sqrt(var + eps) dy.
Var batch_norm_running(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
                       const Var& running_var, double eps) {
  const NormVars vars{x, gamma, beta, running_mean, running_var};
  require_norm("batch_norm_running", vars, eps);
  const auto z = std::make_shared<const Normalized>(
      vars, ChannelMoments{running_mean->value.clone(), running_var->value.clone()}, eps);
  Tensor value = affine_rows(x->value, z->mean, z->a, beta->value);
  return result("batch_norm_running", std::move(value), {x, gamma, beta}, [=](Node& y) {
    ChannelSums sums = channel_sums(y.grad, x->value, z->mean);
    const Tensor none = zeros(gamma.shape());
    if (x.requires_grad()) x.add_grad(affine_rows(y.grad, none, z->a, none));
    gamma.add_grad(product(sums.dy_x, z->inverse));
    beta.add_grad(std::move(sums.dy));
  });
}

}  // namespace excite
