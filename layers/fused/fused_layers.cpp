#include "layers/fused/fused_layers.h"

#include <utility>

namespace excite {

namespace {
// A bias comes after the sums, so with one they have to be taken anew.
Measured with_bias(const Conv2d& conv, Measured y) { return conv.b ? Measured(add_bias(y.u, conv.b)) : y; }

// The convolutions of a chain, with its batch-norms between them but not after the last.
Measured convolutions_of(Chain chain, const Var& x) {
  Measured u = with_bias(chain[0].conv, measured_conv2d(x, chain[0].conv.w, chain[0].conv.options));
  for (std::size_t i = 1; i < chain.size(); i++) {
    const BatchNorm2d& bn = chain[i - 1].bn;
    const Conv2d& conv = chain[i].conv;
    u = with_bias(conv, batch_norm_relu_conv2d(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, conv.w, conv.options, bn.eps));
  }
  return u;
}

Var norm_relu(const BatchNorm2d& bn, const Measured& u) { return batch_norm_relu(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, bn.eps); }
}  // namespace

Var fused_norm_relu(const BatchNorm2d& bn, const Var& x) { return norm_relu(bn, x); }
Var fused_conv_norm_relu(const ConvNorm& c, const Var& x) { return norm_relu(c.bn, convolutions_of({&c, 1}, x)); }

Var fused_chain_gate_add_relu(Chain chain, const Gate& gate, const Var& x, const Var& shortcut) {
  const BatchNorm2d& bn = chain.back().bn;
  return block_tail(convolutions_of(chain, x), bn.gamma, bn.beta, bn.running_mean, bn.running_var, gate, shortcut, bn.eps);
}

Var folded_conv_norm(const ConvNorm& c, const Var& x, FoldedLayers& layers) {
  return result("conv2d", layers.of(c).conv(x->value), {x, c.conv.w}, {});
}

Var folded_conv_norm_relu(const ConvNorm& c, const Var& x, FoldedLayers& layers) {
  return result("conv2d", layers.of(c).conv_relu(x->value), {x, c.conv.w}, {});
}

// The convolution's bias is added with all else, by -(-bias).
Var folded_conv_norm_gate_add_relu(const ConvNorm& c, const Gate& gate, const Var& x, const Var& shortcut, FoldedLayers& layers) {
  const FixedConv2d& folded = layers.of(c);
  FixedConv2d::Squeezed z = folded.conv_squeezed(x->value);
  const Var y = result("conv2d", std::move(z.y), {x, c.conv.w}, {}), s = gate(std::move(z.means));
  Tensor value = affine_add_relu(y->value, folded.minus_bias(), s->value, zeros(folded.minus_bias().shape()), shortcut->value);
  return result("scale_add_relu", std::move(value), {y, s, shortcut}, {});
}

}  // namespace excite
