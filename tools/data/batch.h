// From images to what a network sees: chosen, framed, augmented and normalized. An image's
// augmentation follows from (seed, epoch, image) alone, so a batch is the same on any number of
// threads and after any interruption.
#pragma once
#include <vector>

#include "core/tensor.h"
#include "tools/data/augmentation.h"
#include "tools/data/normalization.h"
#include "tools/data/prefetch.h"
#include "tools/data/resize_crop.h"

namespace excite {

std::vector<long> epoch_order(long count, long seed, long epoch);  // 0, ..., count - 1, shuffled

struct Batch {
  Tensor x;                 // [N, H, W, 3], normalized
  std::vector<int> labels;  // [N]
};

// The two halves of a training batch. The first decodes and frames, which takes time and may happen
// beside something else; the second shifts, flips, blots and normalizes, with the same (seed,
// epoch).
Prefetch read_for_training(const Dataset& dataset, std::vector<long> numbers,
                           const ResizeCrop& resize_crop, const Augmentation& augmentation,
                           long seed, long epoch);
Batch augmented(const Samples& samples, const Normalization& normalization,
                const Augmentation& augmentation, long seed, long epoch);

// Both, one after the other.
Batch make_batch(const Dataset& dataset, const std::vector<long>& numbers,
                 const Normalization& normalization, const Augmentation& augmentation, long seed,
                 long epoch, const ResizeCrop& resize_crop = {});

// The image shifted, flipped, blotted and normalized: H W 3 numbers from x on.
void apply_transform(const Image& image, const RandomTransform& transform,
                     const NormalizationTable& table, real* x);

// For evaluation: [views, N, side, side, 3], the first N being the first view of every image, and
// so on.
Tensor make_crops(const std::vector<Image>& images, const ResizeCrop& resize_crop,
                  const Normalization& normalization, Crops crops);

}  // namespace excite
