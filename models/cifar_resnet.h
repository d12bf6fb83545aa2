// ResNet for 32x32 images (He et al., arXiv 1512.03385, section 4.2) and SE-ResNet (Hu et al.,
// arXiv 1709.01507).
#pragma once
#include "models/residual.h"

namespace excite {

// depth = 6 n + 2 for n blocks per stage: 20, 32, 44, 56, 110. Another depth is a UsageError.
ResidualDesign cifar_resnet(long depth, Shortcut shortcut, const std::optional<SeOptions>& se);

}  // namespace excite
