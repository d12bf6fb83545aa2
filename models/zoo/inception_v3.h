// Inception-v3 (Szegedy et al., arXiv 1512.00567), for images of 299x299: torchvision's network
// under torchvision's names, without the auxiliary classifier.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design inception_v3();
Design small_inception_v3();  // each kind of module once, for gradient checks

}  // namespace excite::inception
