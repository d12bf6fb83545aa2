// Layers that networks always use together. What each comes to is its comment: that is what evaluation and Mode::train_plain run, operation by
// operation. Mode::train runs fewer operations that come to the same with fewer passes over memory, and a mode with folded layers one convolution
// for convolution and batch-norm.
#pragma once
#include <optional>

#include "core/kernels/fused.h"
#include "layers/folded.h"
#include "layers/squeeze_excite.h"

namespace excite {

// bn(conv(x))
inline Var conv_norm(const Conv2d& conv, const BatchNorm2d& bn, const Var& x, Mode mode) {
  if (mode.folded) return result("conv2d", mode.folded->of(conv, bn).conv(x->value), {x, conv.w}, {});
  return bn(conv(x), mode);
}

// relu(bn(conv(x)))
inline Var conv_norm_relu(const Conv2d& conv, const BatchNorm2d& bn, const Var& x, Mode mode) {
  if (mode.folded) return result("conv2d", mode.folded->of(conv, bn).conv_relu(x->value), {x, conv.w}, {});
  if (mode != Mode::train) return relu(conv_norm(conv, bn, x, mode));
  return batch_norm_relu(conv(x), bn.gamma, bn.beta, bn.running_mean, bn.running_var, bn.eps);
}

// relu(se(bn(conv(x))) + shortcut), the end of a residual block; without se, relu(bn(conv(x)) + shortcut)
inline Var conv_norm_excite_add_relu(const Conv2d& conv, const BatchNorm2d& bn, const std::optional<SqueezeExcite>& se, const Var& x, const Var& shortcut,
                                     Mode mode) {
  if (mode == Mode::train) {
    const Gate gate = [&](const Var& squeezed) { return se->gate(squeezed); };
    return block_tail(conv(x), bn.gamma, bn.beta, bn.running_mean, bn.running_var, se ? gate : Gate(), shortcut, bn.eps);
  }
  const Var z = conv_norm(conv, bn, x, mode);
  if (mode.folded && se) {
    const Tensor none = zeros({z.shape()[3]});
    const Var s = se->gate(global_avg_pool(z));
    return result("scale_add_relu", affine_add_relu(z->value, none, s->value, none, shortcut->value), {z, s, shortcut}, {});
  }
  return relu(add(se ? (*se)(z) : z, shortcut));
}

}  // namespace excite
