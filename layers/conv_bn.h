// Layers that networks always use together. What each comes to is its comment, and what stands
// below it is that, operation by operation: so run evaluation and Mode::train_plain. Mode::train
// and inference come to the same in fewer passes over memory (fewer_passes.h).
#pragma once
#include "layers/fused/fused_layers.h"
#include "layers/squeeze_excite.h"

namespace excite {

// relu(bn(x))
inline Var norm_relu(const BatchNorm2d& bn, const Var& x, Mode mode) {
  return mode == Mode::train ? fused_norm_relu(bn, x) : relu(bn(x, mode));
}

// bn(conv(x))
inline Var conv_norm(const ConvNorm& c, const Var& x, Mode mode) {
  return mode.folded ? folded_conv_norm(c, x, *mode.folded) : c.bn(c.conv(x), mode);
}

// relu(bn(conv(x)))
inline Var conv_norm_relu(const ConvNorm& c, const Var& x, Mode mode) {
  if (mode == Mode::train) return fused_conv_norm_relu(c, x);
  return mode.folded ? folded_conv_norm_relu(c, x, *mode.folded) : relu(conv_norm(c, x, mode));
}

// The same of each in turn.
inline Var chain_norm_relu(Chain chain, const Var& x, Mode mode) {
  Var u = x;
  for (const ConvNorm& c : chain) u = conv_norm_relu(c, u, mode);
  return u;
}

// bn(conv(... relu(bn(conv(x)))))
inline Var chain_norm(Chain chain, const Var& x, Mode mode) {
  return conv_norm(chain.back(), chain_norm_relu(chain.first(chain.size() - 1), x, mode), mode);
}

// relu(chain(x) + shortcut), the end of a residual block
inline Var chain_add_relu(Chain chain, const Var& x, const Var& shortcut, Mode mode) {
  if (mode == Mode::train) return fused_chain_gate_add_relu(chain, Gate(), x, shortcut);
  return relu(add(chain_norm(chain, x, mode), shortcut));
}

// relu(se(chain(x)) + shortcut)
inline Var chain_excite_add_relu(Chain chain, const SqueezeExcite& se, const Var& x,
                                 const Var& shortcut, Mode mode) {
  const Gate gate = [&](const Var& squeezed) { return se.gate(squeezed); };
  const bool by_means = se.how.squeezes_means();
  if (mode == Mode::train && by_means) return fused_chain_gate_add_relu(chain, gate, x, shortcut);
  const Var u = chain_norm_relu(chain.first(chain.size() - 1), x, mode);
  if (mode.folded && by_means)
    return folded_conv_norm_gate_add_relu(chain.back(), gate, u, shortcut, *mode.folded);
  return relu(add(se(conv_norm(chain.back(), u, mode)), shortcut));
}

}  // namespace excite
