// Inception-v4 (Szegedy et al., arXiv 1602.07261, figure 9) for 299x299 images, with timm's names.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design inception_v4();  // of figure 9
// One module of each kind except stem_4a, for gradient checks.
Design small_inception_v4();

}  // namespace excite::inception
