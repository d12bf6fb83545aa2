// Inception-ResNet-v2 (Szegedy et al., arXiv 1602.07261) for 299x299 images: the network of the
// published weights, with timm's names. The paper's figures have fewer modules and no Mixed_5b.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design inception_resnet_v2();        // of the published weights
Design small_inception_resnet_v2();  // one module of each kind, for gradient checks

}  // namespace excite::inception
