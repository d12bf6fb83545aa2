// Inception-v4 (Szegedy et al., arXiv 1602.07261, figure 9), for images of 299x299, under timm's
// names.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design inception_v4();
Design small_inception_v4();  // each kind of module once but for the second of the stem, for
                              // gradient checks

}  // namespace excite::inception
