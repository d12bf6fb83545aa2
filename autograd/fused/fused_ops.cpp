// The operations of fused_ops.h: the value, and right below it the gradient.
#include "autograd/fused/fused_ops.h"

#include <utility>

#include "autograd/batch_norm.h"
#include "autograd/conv2d_node.h"
#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/conv2d_fused.h"
#include "core/kernels/elementwise.h"
#include "core/shared_batch.h"

namespace excite {

namespace {

// y[n, c] = factors[c] x[n, c]
Tensor scale_rows(const Tensor& x, const Tensor& factors) {
  const Tensor zero = zeros(factors.shape());
  return affine_rows(x, zero, factors, zero);
}

// Operations per element: those of batch_norm, and of relu 1 forward and 1 backward.
Arithmetic norm_relu_arithmetic(long elements) {
  return {.flops = 8 * elements, .backward_flops = 10 * elements};
}

// Operations per element: those of batch_norm; forward 1 each for squeeze, scale, sum and relu;
// backward relu 1, the two gradients of scale 3, squeeze 1. The gate is left out, because it works
// on C numbers per image instead of H W C.
Arithmetic bn_se_add_relu_arithmetic(long elements) {
  return {.flops = 11 * elements, .backward_flops = 14 * elements};
}

// Runs the gate without calling hooks: its operations are part of bn_se_add_relu, which is reported
// as one operation.
Var without_hooks(const Gate& gate, const Var& q) {
  const OpHook disabled(nullptr);
  return gate(q);
}

using Moments = std::shared_ptr<const ImageMoments>;

Moments moments_of(const ConvOutput& conv) {
  return conv.moments ? conv.moments
                      : std::make_shared<const ImageMoments>(image_moments(conv.u->value));
}

std::shared_ptr<const BatchNormFactors> batch_norm_factors(const BatchNormInputs& vars,
                                                           const ImageMoments& moments, double eps,
                                                           double momentum) {
  update_running_stats(vars, moments.all, momentum);
  return std::make_shared<const BatchNormFactors>(vars, moments.all, eps);
}

// relu(batch_norm(u)): u, the parameters, and the factors that forward and backward share.
struct BatchNormRelu {
  Var u, gamma, beta;
  std::shared_ptr<const BatchNormFactors> z;
  BatchNormRelu(const char* op, const ConvOutput& conv, const BatchNormInputs& vars, double eps,
                double momentum)
      : u(vars.x), gamma(vars.gamma), beta(vars.beta) {
    require_images(op, u.shape());
    require_batch_statistics(op, vars, eps);
    z = batch_norm_factors(vars, *moments_of(conv), eps, momentum);
  }
  NormRelu norm() const { return {z->mean, z->a, beta->value}; }
  bool requires_grad() const {
    return u.requires_grad() || gamma.requires_grad() || beta.requires_grad();
  }

  // The gradient of batch_norm, for dy where the ReLU's input was above 0, and for 0 elsewhere; `d`
  // holds the sums of this per image.
  void backward(Tensor dy, const ImageSums& d) const {
    ChannelSums sums = sum_over_images(d);
    BatchNormGradient dz(*z, sums, whole_rows(u.shape()));
    if (u.requires_grad()) {
      affine_relu_dx(dy, u->value, z->mean, z->a, beta->value, dz.slope, dz.shift);
      u.add_grad(std::move(dy));
    }
    gamma.add_grad(std::move(dz.dgamma));
    beta.add_grad(std::move(sums.dy));
  }
};

}  // namespace

ConvOutput conv2d_with_moments(const Var& x, const Var& w, const Conv2dOptions& options) {
  ConvWithMoments value = conv2d_moments(x->value, w->value, options);
  return {conv2d_node(std::move(value.y), x, w, options),
          std::make_shared<const ImageMoments>(std::move(value.moments))};
}

Var batch_norm_relu(const ConvOutput& u, const Var& gamma, const Var& beta, const Var& running_mean,
                    const Var& running_var, double eps, double momentum) {
  const BatchNormRelu x("batch_norm_relu", u, {u.u, gamma, beta, running_mean, running_var}, eps,
                        momentum);
  const Arithmetic work = norm_relu_arithmetic(u.u.shape().size());
  Tensor value = affine_relu(x.u->value, x.z->mean, x.z->a, beta->value);
  return result("batch_norm_relu", std::move(value), {x.u, gamma, beta}, work, [=](Node& y) {
    const ImageSums d = affine_relu_sums(y.grad, x.u->value, x.z->mean, x.z->a, x.beta->value);
    x.backward(std::move(y.grad), d);
  });
}

// The convolution's input, relu(batch_norm(u)), is not kept. The Winograd algorithm computes it
// from u as it reads it, forward and for dw. The other algorithms compute it as a whole when they
// need it, and drop it.
ConvOutput batch_norm_relu_conv2d(const ConvOutput& u, const Var& gamma, const Var& beta,
                                  const Var& running_mean, const Var& running_var, const Var& w,
                                  const Conv2dOptions& options, double eps, double momentum) {
  const BatchNormRelu x("batch_norm_relu_conv2d", u, {u.u, gamma, beta, running_mean, running_var},
                        eps, momentum);
  ConvWithMoments value = norm_relu_conv2d(x.u->value, x.norm(), w->value, options);
  Arithmetic work = norm_relu_arithmetic(x.u.shape().size());
  work.macs = conv2d_macs(value.y.shape(), w.shape());
  const std::vector<Var> inputs{x.u, w, gamma, beta};
  const Var y = result("batch_norm_relu_conv2d", std::move(value.y), inputs, work, [=](Node& node) {
    if (w.requires_grad())
      w.add_grad(norm_relu_conv2d_dw(x.u->value, x.norm(), node.grad, w.shape(), options));
    if (!x.requires_grad()) return;
    NormReluGradient dx = norm_relu_conv2d_dx(node.grad, w->value, x.u->value, x.norm(), options);
    x.backward(std::move(dx.dx), dx.sums);
  });
  return {y, std::make_shared<const ImageMoments>(std::move(value.moments))};
}

// The squeeze q[n, c], the mean of z over the pixels of an image, needs no pass over z: as
// z = a (u - mean) + beta, it is a (mean of u - mean) + beta. The gate is a small graph of its own
// on [N, C], from q to s[n, c], that backward walks inside this operation. With d = dy where y > 0,
// else 0:
//   dshortcut = d,   ds = sum over h, w of d z,   dq from the gate,   dz = s d + dq / (H W)
// The gradient of batch_norm follows from dz. Its two sums per channel are computed from the sums
// per image of d and of d (u - mean).
Var bn_se_add_relu(const ConvOutput& conv, const Var& gamma, const Var& beta,
                   const Var& running_mean, const Var& running_var, const Gate& gate,
                   const Var& shortcut, double eps, double momentum) {
  const Var& u = conv.u;
  const BatchNormInputs bn{u, gamma, beta, running_mean, running_var};
  require_images("bn_se_add_relu", u.shape());
  require_batch_statistics("bn_se_add_relu", bn, eps);
  require(u.shape() == shortcut.shape(), "bn_se_add_relu: input ", u.shape(), " and shortcut ",
          shortcut.shape(), " differ, expected equal shapes");
  const Moments moments = moments_of(conv);
  const auto z = batch_norm_factors(bn, *moments, eps, momentum);
  const auto centered_mean = std::make_shared<const Tensor>(
      affine_rows(moments->mean, z->mean, full(gamma.shape(), 1), zeros(gamma.shape())));

  const Shape per_image{u.shape()[0], u.shape()[3]};
  const Var q = affine_rows(moments->mean, z->mean, z->a, beta->value);
  q->requires_grad = true;
  const Var s = gate ? without_hooks(gate, q) : Var(full(per_image, 1));
  require(s.shape() == per_image, "bn_se_add_relu: the gate turned ", per_image, " into ",
          s.shape(), ", expected the same shape");

  std::vector<Var> inputs{u, gamma, beta, shortcut};
  for (const Var& leaf : graph(s))
    if (leaf->inputs.empty() && leaf.requires_grad() && leaf != q) inputs.push_back(leaf);
  const Arithmetic work = bn_se_add_relu_arithmetic(u.shape().size());
  Tensor value = affine_add_relu(u->value, z->mean, scale_rows(s->value, z->a),
                                 scale_rows(s->value, beta->value), shortcut->value);
  return result("bn_se_add_relu", std::move(value), inputs, work, [=](Node& y) {
    const ImageSums d = relu_sums(y.grad, y.value, u->value, z->mean);
    if (s.requires_grad())
      backward(s, affine_rows(d.d_u, zeros(gamma.shape()), z->a, zeros(gamma.shape()), d.d,
                              beta->value));
    const Tensor dq = q->grad.empty() ? zeros(per_image) : std::move(q->grad);
    // Sums per image: of dz, and of dz (u - mean).
    Tensor dz =
        map([](real g, real sum, real squeeze) { return g * sum + squeeze; }, s->value, d.d, dq);
    Tensor dz_u =
        map([](real g, real sum, real squeeze, real u_mean) { return g * sum + squeeze * u_mean; },
            s->value, d.d_u, dq, *centered_mean);
    ChannelSums sums = sum_over_images({std::move(dz), std::move(dz_u)});
    BatchNormGradient dbn(*z, sums, whole_rows(u.shape()));
    if (u.requires_grad()) {
      const real pixels = static_cast<real>(u.shape()[1] * u.shape()[2]);
      const Tensor shift = affine_rows(dq, zeros(gamma.shape()),
                                       map([=](real a) { return a / pixels; }, z->a), dbn.shift);
      u.add_grad(
          affine_dx(y.grad, u->value, z->mean, scale_rows(s->value, z->a), dbn.slope, shift));
    }
    gamma.add_grad(std::move(dbn.dgamma));
    beta.add_grad(std::move(sums.dy));
    shortcut.add_grad(std::move(y.grad));
  });
}

}  // namespace excite
