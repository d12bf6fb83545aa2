// Layers that networks always use together. Mode::train_plain, and evaluation, run them one after the other, which is what each line's comment
// says; Mode::train runs one operation that comes to the same with fewer passes over memory.
#pragma once
#include <optional>

#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/squeeze_excite.h"

namespace excite {

// relu(bn(conv(x)))
inline Var conv_norm_relu(const Conv2d& conv, const BatchNorm2d& bn, const Var& x, Mode mode) {
  const Var u = conv(x);
  if (mode != Mode::train) return relu(bn(u, mode));
  return batch_norm_relu(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, bn.eps);
}

// relu(se(bn(conv(x))) + shortcut), the end of a residual block; without se, relu(bn(conv(x)) + shortcut)
inline Var conv_norm_excite_add_relu(const Conv2d& conv, const BatchNorm2d& bn, const std::optional<SqueezeExcite>& se, const Var& x, const Var& shortcut,
                                     Mode mode) {
  const Var u = conv(x);
  if (mode != Mode::train) {
    const Var z = bn(u, mode);
    return relu(add(se ? (*se)(z) : z, shortcut));
  }
  const Gate gate = [&](const Var& squeezed) { return se->gate(squeezed); };
  return block_tail(u, bn.gamma, bn.beta, bn.running_mean, bn.running_var, se ? gate : Gate(), shortcut, bn.eps);
}

}  // namespace excite
