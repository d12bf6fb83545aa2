// Fused versions of the functions in layers/conv_bn.h, which read and write memory fewer times:
// `fused_...` for training, `folded_...` for inference. The comment of each is its formula. A test
// compares each with the operations of that formula.
#pragma once
#include <span>

#include "autograd/fused/fused_ops.h"
#include "layers/fused/folded.h"

namespace excite {

using Chain = std::span<const ConvNorm>;  // one or more layers, applied in order

Var fused_norm_relu(const BatchNorm2d& bn, const Var& x);   // relu(bn(x))
Var fused_conv_norm_relu(const ConvNorm& c, const Var& x);  // relu(bn(conv(x)))
// With z = bn(conv(... relu(bn(conv(x))))):
//   without a gate: relu(z + shortcut)
//   with a gate:    relu(scale_channels(z, gate(global_avg_pool(z))) + shortcut)
Var fused_chain_gate_add_relu(Chain chain, const Gate& gate, const Var& x, const Var& shortcut);

// bn(conv(x))
Var folded_conv_norm(const ConvNorm& c, const Var& x, FoldedLayers& layers);
// relu(bn(conv(x)))
Var folded_conv_norm_relu(const ConvNorm& c, const Var& x, FoldedLayers& layers);
// relu(scale_channels(z, gate(global_avg_pool(z))) + shortcut)  with z = bn(conv(x))
Var folded_conv_norm_gate_add_relu(const ConvNorm& c, const Gate& gate, const Var& x,
                                   const Var& shortcut, FoldedLayers& layers);

}  // namespace excite
