// BN-Inception (Ioffe, Szegedy, arXiv 1502.03167, figure 5) for 224x224 images, in the form that
// SENet's authors trained: its convolutions have no biases.
#pragma once
#include "models/zoo/inception.h"

namespace excite::inception {

Design bn_inception();        // of the paper
Design small_bn_inception();  // one module of each kind, for gradient checks

}  // namespace excite::inception
