// The pages of operations that do the work of several in fewer passes over memory. Each is held to the operations that its line in ops.h
// names, in value and gradients, so whoever reads to understand can leave this file out.
#include <utility>

#include "autograd/normalisation.h"
#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/fused.h"

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

}  // namespace

// As batch_norm, with dy of it where y > 0 and 0 elsewhere.
Var batch_norm_relu(const Var& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, double eps, double momentum) {
  const NormVars vars{u, gamma, beta, running_mean, running_var};
  require_pictures("batch_norm_relu", u);
  require_batch("batch_norm_relu", vars);
  ChannelMoments moments = picture_moments(u->value).all;
  move_running(vars, moments, momentum);
  const auto z = std::make_shared<const Normalised>(vars, std::move(moments), eps);
  return result("batch_norm_relu", affine_relu(u->value, z->mean, z->a, beta->value), {u, gamma, beta}, [=](Node& y) {
    const PictureSums d = affine_relu_sums(y.grad, u->value, z->mean, z->a, beta->value);
    ChannelSums sums{sum_rows(d.d), sum_rows(d.d_u)};
    NormGradient by(*z, sums, u.shape().rows());
    if (u.needs_grad()) {
      affine_relu_dx(y.grad, u->value, z->mean, z->a, beta->value, by.slope, by.shift);
      u.add_grad(std::move(y.grad));
    }
    gamma.add_grad(std::move(by.dgamma));
    beta.add_grad(std::move(sums.dy));
  });
}

// The gate is a small graph of its own on [N, C], walked in here: what it gives, s[n, c], scales a channel, and what it is given, the mean q[n, c]
// of a channel of z, needs no pass over z, because the mean of a (u - mean) + beta is the same of u's mean. With d = dy where y > 0, else 0:
//   dshortcut = d      ds = sum over h, w of d z      dq from the gate      dz = s d + dq / (H W)
// and from dz batch_norm's gradient, whose two sums follow from each picture's.
Var block_tail(const Var& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, const Gate& gate, const Var& shortcut,
               double eps, double momentum) {
  const NormVars vars{u, gamma, beta, running_mean, running_var};
  require_pictures("block_tail", u);
  require_batch("block_tail", vars);
  require(u.shape() == shortcut.shape(), "block_tail: input ", u.shape(), " and shortcut ", shortcut.shape(), " differ, expected equal shapes");
  PictureMoments moments = picture_moments(u->value);
  move_running(vars, moments.all, momentum);
  const auto z = std::make_shared<const Normalised>(vars, std::move(moments.all), eps);
  const auto from_mean = std::make_shared<const Tensor>(affine_rows(moments.mean, z->mean, full(gamma.shape(), 1), zeros(gamma.shape())));

  const Shape per_picture{u.shape()[0], u.shape()[3]};
  const Var q = parameter(affine_rows(moments.mean, z->mean, z->a, beta->value));
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
