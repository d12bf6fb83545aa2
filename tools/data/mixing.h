// Mixup and CutMix: each image of a batch is mixed with the one after it, and so is its target.
#pragma once
#include "tools/data/batch.h"

namespace excite {

struct Mixing {
  double mixup =
      0;  // alpha of mixup, above 0 and at most 1; 0: none (Zhang et al., arXiv 1710.09412)
  double cutmix = 0;  // alpha of CutMix; 0: none (Yun et al., arXiv 1905.04899)
  bool active() const { return mixup > 0 || cutmix > 0; }
};

// One draw for a whole batch. The share of each image's own pixels and target is `share`, the rest
// comes from the next image, and for the last one from the first.
struct MixDraw {
  double share = 1;
  // CutMix: the rectangle that comes from the other image; without an area: mixup.
  long top = 0, left = 0, height = 0, width = 0;
  bool cuts = false;
};

// The share is drawn from the Beta distribution (alpha, alpha). If both are active, one of them is
// drawn, each with probability 1/2. CutMix cuts a rectangle of 1 - share of the area around a
// random pixel; what is outside of the image is left out, and the share is then the area that
// remains.
MixDraw draw_mix(const Mixing& mixing, long height, long width, Rng& rng);

// Mixes batch.x, and sets batch.targets to the mixed targets, with label smoothing.
void mix(Batch& batch, const MixDraw& draw, long classes, double label_smoothing);

// A number from the Beta distribution (alpha, alpha), with 0 < alpha <= 1.
double draw_beta(double alpha, Rng& rng);

}  // namespace excite
