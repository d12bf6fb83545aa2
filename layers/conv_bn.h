// Compositions that networks use again and again: convolution, batch norm, ReLU, and the end of a
// residual block. Each is a block, whose `forward` is its formula.
#pragma once
#include <utility>
#include <vector>

#include "layers/batch_norm.h"
#include "layers/block.h"
#include "layers/conv2d.h"
#include "layers/squeeze_excite.h"

namespace excite {

// bn(conv(x))
struct ConvNorm : Block<ConvNorm> {
  Conv2d conv;
  BatchNorm2d bn;
  ConvNorm(Conv2d c, BatchNorm2d b) : conv(std::move(c)), bn(std::move(b)) {}
  Var forward(const Var& x, Mode mode) const { return bn(conv(x), mode); }
};

// A convolution and the batch norm after it, wherever they are stored.
struct ConvNormView {
  const Conv2d& conv;
  const BatchNorm2d& bn;
  ConvNormView(const Conv2d& c, const BatchNorm2d& b) : conv(c), bn(b) {}
  ConvNormView(const ConvNorm& c) : conv(c.conv), bn(c.bn) {}
};

// relu(bn(x))
struct NormReluBlock : Block<NormReluBlock> {
  const BatchNorm2d& bn;
  explicit NormReluBlock(const BatchNorm2d& b) : bn(b) {}
  Var forward(const Var& x, Mode mode) const { return relu(bn(x, mode)); }
};

// relu(bn(conv(x)))
struct ConvNormRelu : Block<ConvNormRelu> {
  ConvNormView layer;
  explicit ConvNormRelu(const ConvNormView& c) : layer(c) {}
  Var forward(const Var& x, Mode mode) const { return relu(layer.bn(layer.conv(x), mode)); }
};

// The branch of a residual block and its end.
//   u = bn(conv(... relu(bn(conv(x)))))
//   y = relu(se(u) + shortcut), or without an SE block relu(u + shortcut)
struct ResidualEnd : Block<ResidualEnd> {
  std::vector<ConvNormView> branch;  // at least one
  const SqueezeExcite* se;           // null: no SE block
  Var shortcut;
  ResidualEnd(std::vector<ConvNormView> convs, const SqueezeExcite* excite, Var shortcut_value)
      : branch(std::move(convs)), se(excite), shortcut(std::move(shortcut_value)) {}
  Var forward(const Var& x, Mode mode) const {
    Var u = x;
    for (const ConvNormView& c : branch) {
      u = c.bn(c.conv(u), mode);
      if (&c != &branch.back()) u = relu(u);
    }
    return relu((se ? (*se)(u) : u) + shortcut);
  }
};

// The fused implementations. In training they are operations of autograd/fused, which read and
// write memory fewer times. In inference each convolution contains the batch norm after it.
Var fused_forward(const ConvNorm& block, const Var& x, Mode mode);
Var fused_forward(const NormReluBlock& block, const Var& x, Mode mode);
Var fused_forward(const ConvNormRelu& block, const Var& x, Mode mode);
Var fused_forward(const ResidualEnd& block, const Var& x, Mode mode);

// The blocks as functions.
inline Var norm_relu(const BatchNorm2d& bn, const Var& x, Mode mode) {
  return NormReluBlock(bn)(x, mode);
}
inline Var conv_norm_relu(const ConvNormView& c, const Var& x, Mode mode) {
  return ConvNormRelu(c)(x, mode);
}

}  // namespace excite
