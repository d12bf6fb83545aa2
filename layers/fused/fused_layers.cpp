#include "layers/fused/fused_layers.h"

#include <utility>

#include "autograd/conv2d_node.h"

namespace excite {

namespace {
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

Var norm_relu(const BatchNorm2d& bn, const ConvOutput& u) {
  return in_layer(bn.gamma, [&] {
    return batch_norm_relu(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, bn.eps);
  });
}
}  // namespace

Var fused_norm_relu(const BatchNorm2d& bn, const Var& x) { return norm_relu(bn, x); }
Var fused_conv_norm_relu(const ConvNorm& c, const Var& x) {
  return norm_relu(c.bn, chain_without_last_norm({&c, 1}, x));
}

Var fused_chain_gate_add_relu(Chain chain, const Gate& gate, const Var& x, const Var& shortcut) {
  const BatchNorm2d& bn = chain.back().bn;
  const ConvOutput u = chain_without_last_norm(chain, x);
  return in_layer(bn.gamma, [&] {
    return bn_se_add_relu(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, gate, shortcut,
                          bn.eps);
  });
}

namespace {
// A result without a backward function: the gradients of folded layers are never needed.
Var folded_node(Tensor y, const ConvNorm& c, const Var& x) {
  const long macs = conv2d_macs(y.shape(), c.conv.w.shape());
  return result("conv2d", std::move(y), {x, c.conv.w}, {.macs = macs}, {});
}
}  // namespace

Var folded_conv_norm(const ConvNorm& c, const Var& x, FoldedLayers& layers) {
  return in_layer(c.conv.w, [&] { return folded_node(layers.of(c).conv(x->value), c, x); });
}

Var folded_conv_norm_relu(const ConvNorm& c, const Var& x, FoldedLayers& layers) {
  return in_layer(c.conv.w, [&] { return folded_node(layers.of(c).conv_relu(x->value), c, x); });
}

// conv_squeezed leaves the bias out of y. It is added here: relu(s (y - (-bias)) + 0 + shortcut).
Var folded_conv_norm_gate_add_relu(const ConvNorm& c, const Gate& gate, const Var& x,
                                   const Var& shortcut, FoldedLayers& layers) {
  const PrepackedConv2d& folded = layers.of(c);
  PrepackedConv2d::Squeezed z = in_layer(c.conv.w, [&] { return folded.conv_squeezed(x->value); });
  const Var y = folded_node(std::move(z.y), c, x), s = gate(std::move(z.means));
  Tensor value = affine_add_relu(y->value, folded.minus_bias(), s->value,
                                 zeros(folded.minus_bias().shape()), shortcut->value);
  return result("scale_add_relu", std::move(value), {y, s, shortcut},
                {.flops = 3 * y.shape().size()}, {});
}

}  // namespace excite
