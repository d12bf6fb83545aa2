// The pages of fused.h: the value, and right under it the gradient.
#include "autograd/fused/fused_ops.h"

#include <utility>

#include "autograd/batch_norm.h"
#include "autograd/conv2d_node.h"
#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/conv2d_fused.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// y[n, c] = by[c] x[n, c]
Tensor scale_rows(const Tensor& x, const Tensor& by) {
  return affine_rows(x, zeros(by.shape()), by, zeros(by.shape()));
}

// batch_norm's, and relu 1 forward and 1 backward.
Arithmetic norm_relu_arithmetic(long elements) {
  return {.flops = 8 * elements, .backward_flops = 10 * elements};
}

// batch_norm's, and forward the squeeze's mean, scale, sum and relu; backward relu 1, the scale's
// two gradients 3, the mean's 1. The gate works on C numbers per image instead of H W C, and is
// left out.
Arithmetic bn_se_add_relu_arithmetic(long elements) {
  return {.flops = 11 * elements, .backward_flops = 14 * elements};
}

// The gate's operations are part of bn_se_add_relu, in the forward pass as in the backward pass:
// whoever watches sees one operation.
Var unseen(const Gate& gate, const Var& q) {
  const OpHook nobody(nullptr);
  return gate(q);
}

using Moments = std::shared_ptr<const ImageMoments>;

Moments moments_of(const ConvOutput& m) {
  return m.moments ? m.moments : std::make_shared<const ImageMoments>(image_moments(m.u->value));
}

std::shared_ptr<const Normalized> normalize_and_remember(const NormVars& vars,
                                                         const ImageMoments& moments, double eps,
                                                         double momentum) {
  move_running(vars, moments.all, momentum);
  return std::make_shared<const Normalized>(vars, moments.all, eps);
}

// u -> relu(batch_norm(u)), as a function of one number a channel and of u.
struct NormReluOf {
  Var u, gamma, beta;
  std::shared_ptr<const Normalized> z;
  NormReluOf(const char* op, const ConvOutput& conv, const NormVars& vars, double eps,
             double momentum)
      : u(vars.x), gamma(vars.gamma), beta(vars.beta) {
    require_images(op, u.shape());
    require_batch(op, vars, eps);
    z = normalize_and_remember(vars, *moments_of(conv), eps, momentum);
  }
  NormRelu norm() const { return {z->mean, z->a, beta->value}; }
  bool requires_grad() const {
    return u.requires_grad() || gamma.requires_grad() || beta.requires_grad();
  }

  // As batch_norm's, with dy where the ReLU let something through and 0 elsewhere; `d` are the sums
  // of that.
  void backward(Tensor dy, const ImageSums& d) const {
    ChannelSums sums{sum_rows(d.d), sum_rows(d.d_u)};
    NormGradient by(*z, sums, u.shape().rows());
    if (u.requires_grad()) {
      affine_relu_dx(dy, u->value, z->mean, z->a, beta->value, by.slope, by.shift);
      u.add_grad(std::move(dy));
    }
    gamma.add_grad(std::move(by.dgamma));
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
  const NormReluOf x("batch_norm_relu", u, {u.u, gamma, beta, running_mean, running_var}, eps,
                     momentum);
  const Arithmetic work = norm_relu_arithmetic(u.u.shape().size());
  Tensor value = affine_relu(x.u->value, x.z->mean, x.z->a, beta->value);
  return result("batch_norm_relu", std::move(value), {x.u, gamma, beta}, work, [=](Node& y) {
    const ImageSums d = affine_relu_sums(y.grad, x.u->value, x.z->mean, x.z->a, x.beta->value);
    x.backward(std::move(y.grad), d);
  });
}

// Where Winograd's way is taken, what is convolved is nowhere written: it is computed from u when
// it is read, forward and for dw. Elsewhere it is made when it is needed, and dropped.
ConvOutput batch_norm_relu_conv2d(const ConvOutput& u, const Var& gamma, const Var& beta,
                                  const Var& running_mean, const Var& running_var, const Var& w,
                                  const Conv2dOptions& options, double eps, double momentum) {
  const NormReluOf x("batch_norm_relu_conv2d", u, {u.u, gamma, beta, running_mean, running_var},
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
    x.backward(std::move(dx.dy), dx.sums);
  });
  return {y, std::make_shared<const ImageMoments>(std::move(value.moments))};
}

// The gate is a small graph of its own on [N, C], walked in here: what it gives, s[n, c], scales a
// channel, and what it is given, the mean q[n, c] of a channel of z, needs no pass over z, because
// the mean of a (u - mean) + beta is the same of u's mean. With d = dy where y > 0, else 0:
//   dshortcut = d      ds = sum over h, w of d z      dq from the gate      dz = s d + dq / (H W)
// and from dz batch_norm's gradient, whose two sums follow from each image's.
Var bn_se_add_relu(const ConvOutput& conv, const Var& gamma, const Var& beta,
                   const Var& running_mean, const Var& running_var, const Gate& gate,
                   const Var& shortcut, double eps, double momentum) {
  const Var& u = conv.u;
  const NormVars vars{u, gamma, beta, running_mean, running_var};
  require_images("bn_se_add_relu", u.shape());
  require_batch("bn_se_add_relu", vars, eps);
  require(u.shape() == shortcut.shape(), "bn_se_add_relu: input ", u.shape(), " and shortcut ",
          shortcut.shape(), " differ, expected equal shapes");
  const Moments moments = moments_of(conv);
  const auto z = normalize_and_remember(vars, *moments, eps, momentum);
  const auto from_mean = std::make_shared<const Tensor>(
      affine_rows(moments->mean, z->mean, full(gamma.shape(), 1), zeros(gamma.shape())));

  const Shape per_image{u.shape()[0], u.shape()[3]};
  const Var q = parameter(affine_rows(moments->mean, z->mean, z->a, beta->value));
  const Var s = gate ? unseen(gate, q) : Var(full(per_image, 1));
  require(s.shape() == per_image, "bn_se_add_relu: the gate made ", s.shape(), " of ", per_image,
          ", expected the same shape");

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
    const Tensor dz = map([](real by, real all, real squeezed) { return by * all + squeezed; },
                          s->value, d.d, dq);
    const Tensor dz_u = map(
        [](real by, real all, real squeezed, real u_mean) { return by * all + squeezed * u_mean; },
        s->value, d.d_u, dq, *from_mean);
    ChannelSums sums{sum_rows(dz), sum_rows(dz_u)};
    NormGradient by(*z, sums, u.shape().rows());
    if (u.requires_grad()) {
      const real pixels = static_cast<real>(u.shape()[1] * u.shape()[2]);
      const Tensor shift = affine_rows(dq, zeros(gamma.shape()),
                                       map([=](real a) { return a / pixels; }, z->a), by.shift);
      u.add_grad(affine_dx(y.grad, u->value, z->mean, scale_rows(s->value, z->a), by.slope, shift));
    }
    gamma.add_grad(std::move(by.dgamma));
    beta.add_grad(std::move(sums.dy));
    shortcut.add_grad(std::move(y.grad));
  });
}

}  // namespace excite
