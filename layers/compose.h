// Layers that networks always use together. What each comes to is its comment: that is what evaluation and Mode::train_plain run, operation by
// operation. Mode::train runs fewer operations that come to the same with fewer passes over memory, and a mode with folded layers one convolution
// for convolution and batch-norm.
#pragma once
#include "core/kernels/fused.h"
#include "layers/folded.h"
#include "layers/squeeze_excite.h"

namespace excite {

struct ConvNorm {
  Conv2d conv;
  BatchNorm2d bn;
};

// relu(bn(x))
inline Var norm_relu(const BatchNorm2d& bn, const Var& x, Mode mode) {
  if (mode != Mode::train) return relu(bn(x, mode));
  return batch_norm_relu(x, bn.gamma, bn.beta, bn.running_mean, bn.running_var, bn.eps);
}

// bn(conv(x))
inline Var conv_norm(const ConvNorm& c, const Var& x, Mode mode) {
  if (mode.folded) return result("conv2d", mode.folded->of(c.conv, c.bn).conv(x->value), {x, c.conv.w}, {});
  return c.bn(c.conv(x), mode);
}

// relu(bn(conv(x)))
inline Var conv_norm_relu(const ConvNorm& c, const Var& x, Mode mode) {
  if (mode.folded) return result("conv2d", mode.folded->of(c.conv, c.bn).conv_relu(x->value), {x, c.conv.w}, {});
  return norm_relu(c.bn, c.conv(x), mode);
}

// relu(z + shortcut) of z = bn(conv(x)), the end of a residual block; with a gate, relu(scale_channels(z, gate(global_avg_pool(z))) + shortcut)
inline Var conv_norm_gate_add_relu(const ConvNorm& c, const Gate& gate, const Var& x, const Var& shortcut, Mode mode) {
  if (mode == Mode::train)
    return block_tail(c.conv(x), c.bn.gamma, c.bn.beta, c.bn.running_mean, c.bn.running_var, gate, shortcut, c.bn.eps);
  const Var z = conv_norm(c, x, mode);
  if (!gate) return relu(add(z, shortcut));
  const Var s = gate(global_avg_pool(z));
  if (!mode.folded) return relu(add(scale_channels(z, s), shortcut));
  const Tensor none = zeros({z.shape()[3]});
  return result("scale_add_relu", affine_add_relu(z->value, none, s->value, none, shortcut->value), {z, s, shortcut}, {});
}

inline Var conv_norm_add_relu(const ConvNorm& c, const Var& x, const Var& shortcut, Mode mode) {
  return conv_norm_gate_add_relu(c, Gate(), x, shortcut, mode);
}

// relu(se(bn(conv(x))) + shortcut)
inline Var conv_norm_excite_add_relu(const ConvNorm& c, const SqueezeExcite& se, const Var& x, const Var& shortcut, Mode mode) {
  if (!se.how.squeezes_means()) return relu(add(se(conv_norm(c, x, mode)), shortcut));
  return conv_norm_gate_add_relu(c, [&](const Var& squeezed) { return se.gate(squeezed); }, x, shortcut, mode);
}

}  // namespace excite
