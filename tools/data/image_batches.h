// The batches of a data set for a training loop of one's own: images are resized, cropped,
// augmented and normalized. Images in files are decoded in the background.
//   const ImageBatches train(data.train, compute_normalization(data.train), {.batch = 128},
//                            parse_augmentation("crop,flip"));
//   for (const auto& [x, labels] : train.epoch(3)) ...
#pragma once
#include <vector>

#include "autograd/var.h"
#include "tools/data/batch.h"
#include "tools/data/batch_range.h"

namespace excite {

class ImageBatches {
 public:
  struct Batch {
    Var x;                    // [batch, H, W, 3], normalized
    std::vector<int> labels;  // [batch]
  };

  // Keeps a reference to the data set, which therefore needs a name. Images of different sizes need
  // a `resize_crop`. Error as Dataset::validate.
  ImageBatches(const Dataset& dataset, const Normalization& normalization,
               const BatchOptions& options = {}, const Augmentation& augmentation = {},
               const ResizeCrop& resize_crop = {});
  ImageBatches(const Dataset&&, const Normalization&, const BatchOptions& = {},
               const Augmentation& = {}, const ResizeCrop& = {}) = delete;  // name the data set

  long batches_per_epoch() const { return count_batches(dataset_.count(), options_); }
  // All images once, in an order that is a function of seed and epoch, as is the augmentation. A
  // file that cannot be decoded is left out of its batch. Refers to this object.
  BatchRange<Batch> epoch(long epoch) const&;
  BatchRange<Batch> epoch(long epoch) const&& = delete;  // name the ImageBatches
  // All images in their own order without augmentation, the last short batch included: for
  // evaluation.
  BatchRange<Batch> in_order() const&;
  BatchRange<Batch> in_order() const&& = delete;

 private:
  BatchRange<Batch> batches(long count, std::vector<long> order, const Augmentation& augmentation,
                            long epoch) const;
  const Dataset& dataset_;
  Normalization normalization_;
  BatchOptions options_;
  Augmentation augmentation_;
  ResizeCrop resize_crop_;
};

}  // namespace excite
