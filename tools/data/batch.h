// From pictures to what a network sees: chosen, framed, augmented and normalised. A picture's augmentation follows from (seed, epoch, picture)
// alone, so a batch is the same on any number of threads and after any interruption.
#pragma once
#include <vector>

#include "core/tensor.h"
#include "tools/data/augmentation.h"
#include "tools/data/resize_crop.h"
#include "tools/data/normalisation.h"
#include "tools/data/prefetch.h"

namespace excite {

std::vector<long> epoch_order(long count, long seed, long epoch);  // 0, ..., count - 1, shuffled

struct Batch {
  Tensor x;                 // [N, H, W, 3], normalised
  std::vector<int> labels;  // [N]
};

// The two halves of a training batch. The first decodes and frames, which takes time and may happen beside something else; the second shifts,
// flips, blots and normalises, with the same (seed, epoch).
Reading read_for_training(const Dataset& dataset, std::vector<long> pictures, const Frame& frame, const Augmentation& augmentation, long seed,
                          long epoch);
Batch augmented(const Pictures& pictures, const Normalisation& normalisation, const Augmentation& augmentation, long seed, long epoch);

// Both, one after the other.
Batch make_batch(const Dataset& dataset, const std::vector<long>& pictures, const Normalisation& normalisation, const Augmentation& augmentation,
                 long seed, long epoch, const Frame& frame = {});

// The picture shifted, flipped, blotted and normalised: H W 3 numbers from x on.
void displace(const Image& image, const Displacement& displacement, const NormalisationTable& table, real* x);

// For evaluation: [views, N, side, side, 3], the first N being the first view of every picture, and so on.
Tensor make_views(const std::vector<Image>& images, const Frame& frame, const Normalisation& normalisation, Views views);

}  // namespace excite
