// The layers of compose.h with fewer passes over memory than one operation after the other takes:
// `fused_` for training, `folded_` for inference. What each comes to is its comment, and a test
// holds it to that.
#pragma once
#include <span>

#include "autograd/fused/fused_ops.h"
#include "layers/fused/folded.h"

namespace excite {

using Chain = std::span<const ConvNorm>;  // at least one

Var fused_norm_relu(const BatchNorm2d& bn, const Var& x);   // relu(bn(x))
Var fused_conv_norm_relu(const ConvNorm& c, const Var& x);  // relu(bn(conv(x)))
// relu(z + shortcut) of z = bn(conv(... relu(bn(conv(x))))); with a gate, relu(scale_channels(z,
// gate(global_avg_pool(z))) + shortcut)
Var fused_chain_gate_add_relu(Chain chain, const Gate& gate, const Var& x, const Var& shortcut);

Var folded_conv_norm(const ConvNorm& c, const Var& x, FoldedLayers& layers);  // bn(conv(x))
Var folded_conv_norm_relu(const ConvNorm& c, const Var& x,
                          FoldedLayers& layers);  // relu(bn(conv(x)))
// relu(scale_channels(z, gate(global_avg_pool(z))) + shortcut) of z = bn(conv(x))
Var folded_conv_norm_gate_add_relu(const ConvNorm& c, const Gate& gate, const Var& x,
                                   const Var& shortcut, FoldedLayers& layers);

}  // namespace excite
