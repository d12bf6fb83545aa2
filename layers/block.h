// A block is a part of a network with a definition and a faster implementation of the same formula.
//
//   struct SomeBlock : Module, Block<SomeBlock> {
//     Var forward(const Var& x, Mode mode) const { ... }  // the definition
//   };
//
// block(x, mode) runs one of the two. It is the only place where a fused implementation is chosen:
// to read or to use the networks without them, let it call `forward` alone and remove the folders
// `fused`. Tests compare both, for values and gradients.
#pragma once
#include "layers/implementation.h"

namespace excite {

// Each block type has an overload  Var fused_forward(const SomeBlock& block, const Var& x, Mode
// mode) in layers/fused or models/fused. It is equal to block.forward(x, mode) up to rounding.

template <class Self>
struct Block {
  Var operator()(const Var& x, Mode mode) const {
    const Self& self = static_cast<const Self&>(*this);
    return implementation().is_fused(mode) ? fused_forward(self, x, mode) : self.forward(x, mode);
  }
};

}  // namespace excite
