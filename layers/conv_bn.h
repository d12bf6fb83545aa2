// Layers that networks always use together: convolution, batch norm, ReLU, and the end of a
// residual block. The comment of each function is its formula. Evaluation and Mode::train_plain
// compute it operation by operation. Mode::train and inference call the fused functions of
// layers/fused/fused_layers.h, which give equal results up to rounding.
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

// conv_norm_relu of each layer in turn
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
  const Gate gate = [&](const Var& z) { return se.excite(z); };
  const bool fusible = se.options.squeezes_by_mean();
  if (mode == Mode::train && fusible) return fused_chain_gate_add_relu(chain, gate, x, shortcut);
  const Var u = chain_norm_relu(chain.first(chain.size() - 1), x, mode);
  if (mode.folded && fusible)
    return folded_conv_norm_gate_add_relu(chain.back(), gate, u, shortcut, *mode.folded);
  return relu(add(se(conv_norm(chain.back(), u, mode)), shortcut));
}

}  // namespace excite
