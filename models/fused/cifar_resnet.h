// The fused implementations of the network in models/cifar_resnet.h.
#pragma once
#include "models/cifar_resnet.h"

namespace excite {

// Equal to block.forward(x, mode) and net.forward(x, mode) up to rounding.
Var fused_forward(const SeBasicBlock& block, const Var& x, Mode mode);
Var fused_forward(const CifarSeResNet& net, const Var& x, Mode mode);

}  // namespace excite
