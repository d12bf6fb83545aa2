// How an image is changed in training, a little and anew in each epoch.
#pragma once
#include <string>

#include "core/random.h"

namespace excite {

constexpr long cutout_side = 8;

struct Augmentation {
  bool resized_crop =
      false;  // a random window of the image instead of its center (random_window in frame.h)
  bool crop =
      false;  // shifted by up to four pixels each way, the image being mirrored at its edges
  bool black_crop = false;  // the same with black beyond the edges (He et al., arXiv 1512.03385)
  bool flip = false;        // left and right exchanged, for an image in two
  bool cutout = false;  // a random 8x8 square becomes the mean (DeVries, Taylor, arXiv 1708.04552)
};
Augmentation parse_augmentation(
    const std::string&
        text);  // "none", or some of "resized-crop,crop,black-crop,flip,cutout"; else a UsageError

// Where the pixels of a square come from, and what of it is blotted out.
struct RandomTransform {
  long down = 0, right = 0;  // the image is shifted up and left by these
  bool black = false;        // beyond its edges; else it is mirrored there
  bool flipped = false;
  long cut_top = 0, cut_left = 0, cut_side = 0;
};
RandomTransform draw_transform(long height, long width, const Augmentation& augmentation, Rng& rng);

}  // namespace excite
