// BN-Inception (Ioffe, Szegedy, arXiv 1502.03167, figure 5), for images of 224x224, as SENet's
// authors trained it: convolutions without biases.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design bn_inception();
Design small_bn_inception();  // each kind of module once, for gradient checks

}  // namespace excite::inception
