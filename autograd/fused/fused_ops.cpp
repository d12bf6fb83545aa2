// The pages of fused.h: the value, and right under it the gradient.
#include "autograd/fused/fused_ops.h"

#include <utility>

#include "autograd/conv2d_node.h"
#include "autograd/batch_norm.h"
#include "core/check.h"
#include "core/kernels/conv2d_fused.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

void require_pictures(const char* op, const Var& u) {
  require(u.shape().rank() == 4, op, ": input has shape ", u.shape(), ", expected [N, H, W, C]");
}

// y[n, c] = by[c] x[n, c]
Tensor scale_rows(const Tensor& x, const Tensor& by) {
  return affine_rows(x, zeros(by.shape()), by, zeros(by.shape()));
}

// The gate's operations are part of block_tail, in the forward pass as in the backward pass: whoever watches sees one operation.
Var unseen(const Gate& gate, const Var& q) {
  const Observed nobody(nullptr);
  return gate(q);
}

using Moments = std::shared_ptr<const PictureMoments>;

Moments known_or_taken(const Measured& m) {
  return m.moments ? m.moments : std::make_shared<const PictureMoments>(picture_moments(m.u->value));
}

std::shared_ptr<const Normalised> normalise_and_remember(const NormVars& vars, const PictureMoments& moments, double eps, double momentum) {
  move_running(vars, moments.all, momentum);
  return std::make_shared<const Normalised>(vars, moments.all, eps);
}

// u -> relu(batch_norm(u)), as a function of one number a channel and of u.
struct NormReluOf {
  Var u, gamma, beta;
  std::shared_ptr<const Normalised> z;
  NormReluOf(const char* op, const Measured& measured, const NormVars& vars, double eps, double momentum)
      : u(vars.x), gamma(vars.gamma), beta(vars.beta) {
    require_pictures(op, u);
    require_batch(op, vars, eps);
    z = normalise_and_remember(vars, *known_or_taken(measured), eps, momentum);
  }
  NormRelu norm() const { return {z->mean, z->a, beta->value}; }
  bool needs_grad() const { return u.needs_grad() || gamma.needs_grad() || beta.needs_grad(); }

  // As batch_norm's, with dy where the ReLU let something through and 0 elsewhere; `d` are the sums of that.
  void backward(Tensor dy, const PictureSums& d) const {
    ChannelSums sums{sum_rows(d.d), sum_rows(d.d_u)};
    NormGradient by(*z, sums, u.shape().rows());
    if (u.needs_grad()) {
      affine_relu_dx(dy, u->value, z->mean, z->a, beta->value, by.slope, by.shift);
      u.add_grad(std::move(dy));
    }
    gamma.add_grad(std::move(by.dgamma));
    beta.add_grad(std::move(sums.dy));
  }
};

}  // namespace

Measured measured_conv2d(const Var& x, const Var& w, const Conv2dOptions& options) {
  ConvolvedPictures value = conv2d_moments(x->value, w->value, options);
  return {conv2d_of(std::move(value.y), x, w, options), std::make_shared<const PictureMoments>(std::move(value.moments))};
}

Var batch_norm_relu(const Measured& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, double eps,
                    double momentum) {
  const NormReluOf x("batch_norm_relu", u, {u.u, gamma, beta, running_mean, running_var}, eps, momentum);
  return result("batch_norm_relu", affine_relu(x.u->value, x.z->mean, x.z->a, beta->value), {x.u, gamma, beta}, [=](Node& y) {
    const PictureSums d = affine_relu_sums(y.grad, x.u->value, x.z->mean, x.z->a, x.beta->value);
    x.backward(std::move(y.grad), d);
  });
}

// Where Winograd's way is taken, what is convolved is nowhere written: it is computed from u when it is read, forward and for dw. Elsewhere it is
// made when it is needed, and dropped.
Measured batch_norm_relu_conv2d(const Measured& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, const Var& w,
                                const Conv2dOptions& options, double eps, double momentum) {
  const NormReluOf x("batch_norm_relu_conv2d", u, {u.u, gamma, beta, running_mean, running_var}, eps, momentum);
  ConvolvedPictures value = norm_relu_conv2d(x.u->value, x.norm(), w->value, options);
  const Var y = result("batch_norm_relu_conv2d", std::move(value.y), {x.u, w, gamma, beta}, [=](Node& node) {
    if (w.needs_grad()) w.add_grad(norm_relu_conv2d_dw(x.u->value, x.norm(), node.grad, w.shape(), options));
    if (!x.needs_grad()) return;
    NormReluGradient dx = norm_relu_conv2d_dx(node.grad, w->value, x.u->value, x.norm(), options);
    x.backward(std::move(dx.dy), dx.sums);
  });
  return {y, std::make_shared<const PictureMoments>(std::move(value.moments))};
}

// The gate is a small graph of its own on [N, C], walked in here: what it gives, s[n, c], scales a channel, and what it is given, the mean q[n, c]
// of a channel of z, needs no pass over z, because the mean of a (u - mean) + beta is the same of u's mean. With d = dy where y > 0, else 0:
//   dshortcut = d      ds = sum over h, w of d z      dq from the gate      dz = s d + dq / (H W)
// and from dz batch_norm's gradient, whose two sums follow from each picture's.
Var block_tail(const Measured& measured, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, const Gate& gate,
               const Var& shortcut, double eps, double momentum) {
  const Var& u = measured.u;
  const NormVars vars{u, gamma, beta, running_mean, running_var};
  require_pictures("block_tail", u);
  require_batch("block_tail", vars, eps);
  require(u.shape() == shortcut.shape(), "block_tail: input ", u.shape(), " and shortcut ", shortcut.shape(), " differ, expected equal shapes");
  const Moments moments = known_or_taken(measured);
  const auto z = normalise_and_remember(vars, *moments, eps, momentum);
  const auto from_mean = std::make_shared<const Tensor>(affine_rows(moments->mean, z->mean, full(gamma.shape(), 1), zeros(gamma.shape())));

  const Shape per_picture{u.shape()[0], u.shape()[3]};
  const Var q = parameter(affine_rows(moments->mean, z->mean, z->a, beta->value));
  const Var s = gate ? unseen(gate, q) : Var(full(per_picture, 1));
  require(s.shape() == per_picture, "block_tail: the gate made ", s.shape(), " of ", per_picture, ", expected the same shape");

  std::vector<Var> inputs{u, gamma, beta, shortcut};
  for (const Var& leaf : graph(s))
    if (leaf->inputs.empty() && leaf.needs_grad() && leaf != q) inputs.push_back(leaf);
  Tensor value = affine_add_relu(u->value, z->mean, scale_rows(s->value, z->a), scale_rows(s->value, beta->value), shortcut->value);
  return result("block_tail", std::move(value), std::move(inputs), [=](Node& y) {
    const PictureSums d = relu_sums(y.grad, y.value, u->value, z->mean);
    if (s.needs_grad()) backward(s, affine_rows(d.d_u, zeros(gamma.shape()), z->a, zeros(gamma.shape()), d.d, beta->value));
    const Tensor dq = q->grad.empty() ? zeros(per_picture) : std::move(q->grad);
    const Tensor dz = map([](real by, real all, real squeezed) { return by * all + squeezed; }, s->value, d.d, dq);
    const Tensor dz_u = map([](real by, real all, real squeezed, real u_mean) { return by * all + squeezed * u_mean; }, s->value, d.d_u, dq, *from_mean);
    ChannelSums sums{sum_rows(dz), sum_rows(dz_u)};
    NormGradient by(*z, sums, u.shape().rows());
    if (u.needs_grad()) {
      const real pixels = static_cast<real>(u.shape()[1] * u.shape()[2]);
      const Tensor shift = affine_rows(dq, zeros(gamma.shape()), map([=](real a) { return a / pixels; }, z->a), by.shift);
      u.add_grad(affine_dx(y.grad, u->value, z->mean, scale_rows(s->value, z->a), by.slope, shift));
    }
    gamma.add_grad(std::move(by.dgamma));
    beta.add_grad(std::move(sums.dy));
    shortcut.add_grad(std::move(y.grad));
  });
}

}  // namespace excite
