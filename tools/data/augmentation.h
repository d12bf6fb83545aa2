// Data augmentation: random changes of each training image, drawn anew in each epoch.
#pragma once
#include <string>

#include "core/random.h"
#include "tools/data/auto_augment.h"

namespace excite {

constexpr long cutout_side = 8;  // pixels

struct Augmentation {
  // A random window of the image, resized (random_resized_crop in resize_crop.h). If false: the
  // center.
  bool resized_crop = false;
  // A shift by up to 4 pixels each way. The image is mirrored beyond its edges.
  bool crop = false;
  // The same shift, with black beyond the edges (He et al., arXiv 1512.03385).
  bool black_crop = false;
  // A horizontal flip with probability 1/2.
  bool flip = false;
  // A random 8x8 square is set to 0, the mean color (DeVries and Taylor, arXiv 1708.04552).
  bool cutout = false;
  long max_shift = 4;  // of crop and black-crop, in pixels
  // A flip in every second epoch: half of the images are flipped in the first one, at random, and
  // the others in the second, and so on (Jordan, arXiv 2404.00498).
  bool alternating_flip = false;
  // With probability 1/2, a random rectangle is set to 0: 2 to 33 % of the area, with an aspect
  // ratio (height / width) from 0.3 to 3.3 (random erasing; Zhong et al., arXiv 1708.04896).
  bool erase = false;
  // Changes of the image before all of the above but resized_crop (auto_augment.h).
  bool rand_augment = false, trivial_augment = false, color_jitter = false;
  long magnitude = 9;   // of RandAugment, from 0 to 30
  double jitter = 0.4;  // strength of the color jitter, above 0, at most 1
};

// "none", or a list of "resized-crop,crop,black-crop,flip,alternating-flip,cutout,erase,
// rand-augment,trivial-augment,color-jitter", where crop=N and black-crop=N shift by up to N
// pixels, rand-augment=N has magnitude N, and color-jitter=X strength X. UsageError for anything
// else, and for two of the list that exclude each other: the crops that shift, the flips, and the
// two augments.
Augmentation parse_augmentation(const std::string& text);

// The random transform of one image: shift, then flip, then cutout and erasing. All lengths are in
// pixels.
struct RandomTransform {
  long down = 0, right = 0;  // output pixel (i, j) shows input pixel (i + down, j + right)
  bool black = false;        // beyond the edges: black, otherwise the mirrored image
  bool flipped = false;
  long cut_top = 0, cut_left = 0, cut_side = 0;  // the square of cutout; side 0: none
  long erased_top = 0, erased_left = 0, erased_height = 0, erased_width = 0;  // 0: none
};
// For an image of height x width pixels. It does not draw the alternating flip.
RandomTransform draw_transform(long height, long width, const Augmentation& augmentation, Rng& rng);

// The changes of auto_augment.h, in this order: those of rand-augment or trivial-augment, then the
// color jitter.
std::vector<ImageChange> draw_changes(long height, long width, const Augmentation& augmentation,
                                      Rng& rng);

}  // namespace excite
