// Inception-ResNet-v2 (Szegedy et al., arXiv 1602.07261), for images of 299x299: the published
// weights' network under timm's names. The paper's own figures have fewer modules and no Mixed_5b.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design inception_resnet_v2();
Design small_inception_resnet_v2();  // each kind of module once, for gradient checks

}  // namespace excite::inception
