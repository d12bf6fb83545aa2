// From images to a batch: select, resize and crop, augment, normalize. The augmentation of an image
// is a function of (seed, epoch, index of the image) alone. So a batch has the same bits on any
// number of threads and after any interruption.
#pragma once
#include <vector>

#include "core/tensor.h"
#include "tools/data/augmentation.h"
#include "tools/data/normalization.h"
#include "tools/data/prefetch.h"
#include "tools/data/resize_crop.h"

namespace excite {

// A random permutation of the indices 0, ..., count - 1.
std::vector<long> epoch_order(long count, long seed, long epoch);
// As many indices, of which each class that has images gets an equal share, up to one. Images of
// small classes are repeated, all of a class equally often, up to once; large classes are sampled.
std::vector<long> balanced_order(const std::vector<int>& labels, long seed, long epoch);

struct Batch {
  Tensor x;                 // [N, H, W, 3], normalized
  std::vector<int> labels;  // [N]
  Tensor targets{};         // [N, classes], probabilities in place of labels; empty: none
};

// A training batch is made in two halves. prefetch_batch starts to decode, resize and crop the
// images of these indices in the background. augment_batch then shifts, flips, erases and
// normalizes them. Both need the same seed and epoch. augment_batch: FileError if no image could be
// decoded, Error if the images differ in size.
Prefetch prefetch_batch(const Dataset& dataset, std::vector<long> indices,
                        const ResizeCrop& resize_crop, const Augmentation& augmentation, long seed,
                        long epoch);
Batch augment_batch(const Samples& samples, const Normalization& normalization,
                    const Augmentation& augmentation, long seed, long epoch);

// Both halves, one after the other.
Batch make_batch(const Dataset& dataset, const std::vector<long>& indices,
                 const Normalization& normalization, const Augmentation& augmentation, long seed,
                 long epoch, const ResizeCrop& resize_crop = {});

// All images of the set in their own order, without augmentation: 4 or 8 bytes per number, so a
// large set takes much memory (tools/data/image_batches.h does without). Error as
// Dataset::validate.
Batch to_tensors(const Dataset& dataset, const Normalization& normalization,
                 const ResizeCrop& resize_crop = {});

// Writes the transformed and normalized image to x: height * width * 3 numbers.
void apply_transform(const Image& image, const RandomTransform& transform,
                     const NormalizationTable& table, real* x);

// The crops of each image for evaluation: [crops * N, side, side, 3]. The first N are the first
// crop of each image, the next N the second crop, and so on.
Tensor make_crops(const std::vector<Image>& images, const ResizeCrop& resize_crop,
                  const Normalization& normalization, Crops crops);
Tensor make_crops(const std::vector<const Image*>& images, const ResizeCrop& resize_crop,
                  const Normalization& normalization, Crops crops);

}  // namespace excite
