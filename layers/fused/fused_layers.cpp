// The fused implementations of the blocks in layers/conv_bn.h.
#include <algorithm>
#include <functional>
#include <span>
#include <tuple>
#include <utility>

#include "autograd/conv2d_node.h"
#include "autograd/fused/fused_ops.h"
#include "core/kernels/fused.h"
#include "layers/conv_bn.h"
#include "layers/fused/folded.h"

namespace excite {

namespace {

using Chain = std::span<const ConvNormView>;  // one or more layers, applied in order

// ---- training ----

// The moments are those of the convolution alone, so with a bias they are dropped, and computed
// again later.
ConvOutput with_bias(const Conv2d& conv, ConvOutput y) {
  return conv.b ? ConvOutput(add_bias(y.u, conv.b)) : y;
}

// The convolutions of a chain with the batch norms and ReLUs between them, but without the last
// batch norm.
ConvOutput chain_without_last_norm(Chain chain, const Var& x) {
  const Conv2d& first = chain[0].conv;
  ConvOutput u = in_layer(
      first.w, [&] { return with_bias(first, conv2d_with_moments(x, first.w, first.options)); });
  for (std::size_t i = 1; i < chain.size(); i++) {
    const BatchNorm2d& bn = chain[i - 1].bn;
    const Conv2d& conv = chain[i].conv;
    u = in_layer(conv.w, [&] {
      return with_bias(conv, batch_norm_relu_conv2d(u, bn.gamma, bn.beta, bn.running_mean,
                                                    bn.running_var, conv.w, conv.options, bn.eps));
    });
  }
  return u;
}

Var train_norm_relu(const BatchNorm2d& bn, const ConvOutput& u) {
  return in_layer(bn.gamma, [&] {
    return batch_norm_relu(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, bn.eps);
  });
}

Var train_residual_end(Chain chain, const Gate& gate, const Var& x, const Var& shortcut) {
  const BatchNorm2d& bn = chain.back().bn;
  const ConvOutput u = chain_without_last_norm(chain, x);
  return in_layer(bn.gamma, [&] {
    return bn_se_add_relu(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, gate, shortcut,
                          bn.eps);
  });
}

// ---- inference ----

const PrepackedConv2d& folded(const ConvNormView& c) { return implementation().folded->of(c); }

// A result without a backward function: the gradients of folded layers are never needed.
Var folded_node(Tensor y, const ConvNormView& c, const Var& x) {
  const long macs = conv2d_macs(y.shape(), c.conv.w.shape());
  return result("conv2d", std::move(y), {x, c.conv.w}, {.macs = macs}, {});
}

Var infer_conv_norm(const ConvNormView& c, const Var& x) {
  return in_layer(c.conv.w, [&] { return folded_node(folded(c).conv(x->value), c, x); });
}

// conv_squeezed leaves the bias out of y. It is added here: relu(s (y - (-bias)) + 0 + shortcut).
Var infer_excite_add_relu(const ConvNormView& c, const SqueezeExcite& se, const Var& x,
                          const Var& shortcut) {
  const PrepackedConv2d& conv = folded(c);
  PrepackedConv2d::Squeezed z = in_layer(c.conv.w, [&] { return conv.conv_squeezed(x->value); });
  const Var y = folded_node(std::move(z.y), c, x), s = se.excite(std::move(z.means));
  Tensor value = affine_add_relu(y->value, conv.minus_bias(), s->value,
                                 zeros(conv.minus_bias().shape()), shortcut->value);
  return result("scale_add_relu", std::move(value), {y, s, shortcut},
                {.flops = 3 * y.shape().size()}, {});
}

// ---- the choice ----

bool requires_grad(const SqueezeExcite& se) {
  const Linear &a = se.reduce, &b = se.expand;
  return a.w.requires_grad() || b.w.requires_grad() || (a.b && a.b.requires_grad()) ||
         (b.b && b.b.requires_grad());
}

bool requires_grad(const ConvNormView& c) {
  return c.conv.w.requires_grad() || (c.conv.b && c.conv.b.requires_grad()) || !c.bn.is_frozen();
}

// How a block computes in training: frozen batch norms have no fused implementation that records a
// graph. Where there is nothing to record, the block computes as in inference.
enum class Path { training, definition, inference };
Path path_of(Chain layers, const SqueezeExcite* se, const std::vector<Var>& inputs, Mode mode) {
  if (mode == Mode::eval) return Path::inference;
  const auto is_frozen = [](const ConvNormView& c) { return c.bn.is_frozen(); };
  if (std::none_of(layers.begin(), layers.end(), is_frozen)) return Path::training;
  const bool records =
      (se && requires_grad(*se)) ||
      std::any_of(inputs.begin(), inputs.end(), std::mem_fn(&Var::requires_grad)) ||
      std::any_of(layers.begin(), layers.end(),
                  [](const ConvNormView& c) { return requires_grad(c); });
  return records || !implementation().folded ? Path::definition : Path::inference;
}

}  // namespace

Var fused_forward(const ConvNorm& block, const Var& x, Mode mode) {
  const ConvNormView c = block;
  return path_of({&c, 1}, nullptr, {x}, mode) == Path::inference ? infer_conv_norm(c, x)
                                                                 : block.forward(x, mode);
}

Var fused_forward(const NormReluBlock& block, const Var& x, Mode mode) {
  const bool fused = mode == Mode::train && !block.bn.is_frozen();
  return fused ? train_norm_relu(block.bn, x) : block.forward(x, mode);
}

Var fused_forward(const ConvNormRelu& block, const Var& x, Mode mode) {
  const ConvNormView& c = block.layer;
  switch (path_of({&c, 1}, nullptr, {x}, mode)) {
    case Path::training: return train_norm_relu(c.bn, chain_without_last_norm({&c, 1}, x));
    case Path::definition: return block.forward(x, mode);
    case Path::inference: break;
  }
  return in_layer(c.conv.w, [&] { return folded_node(folded(c).conv_relu(x->value), c, x); });
}

// Only the mean of a channel can be computed from sums that the convolution gathers.
Var fused_forward(const ResidualEnd& block, const Var& x, Mode mode) {
  const auto& [branch, se, shortcut] = std::tie(block.branch, block.se, block.shortcut);
  const Path path = path_of(branch, se, {x, shortcut}, mode);
  if (path == Path::definition) return block.forward(x, mode);
  const bool squeezes_mean = se && se->options.squeeze == Squeeze::mean;
  if (path == Path::training && (!se || squeezes_mean)) {
    const Gate gate = [&, excite = se](const Var& z) { return excite->excite(z); };
    return train_residual_end(branch, se ? gate : Gate(), x, shortcut);
  }
  Var u = x;
  for (const ConvNormView& c : Chain(branch).first(branch.size() - 1))
    u = conv_norm_relu(c, u, mode);
  const ConvNormView& last = branch.back();
  if (path == Path::inference && squeezes_mean)
    return infer_excite_add_relu(last, *se, u, shortcut);
  u = path == Path::training ? last.bn(last.conv(u), mode) : infer_conv_norm(last, u);
  return relu((se ? (*se)(u) : u) + shortcut);
}

}  // namespace excite
