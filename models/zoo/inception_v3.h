// Inception-v3 (Szegedy et al., arXiv 1512.00567) for 299x299 images: torchvision's network with
// torchvision's names, without the auxiliary classifier.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design inception_v3();        // torchvision's
Design small_inception_v3();  // one module of each kind, for gradient checks

}  // namespace excite::inception
