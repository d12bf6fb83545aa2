#include "tools/data/image_batches.h"

#include <memory>
#include <numeric>
#include <optional>
#include <utility>

namespace excite {

ImageBatches::ImageBatches(const Dataset& dataset, const Normalization& normalization,
                           const BatchOptions& options, const Augmentation& augmentation,
                           const ResizeCrop& resize_crop)
    : dataset_(dataset),
      normalization_(normalization),
      options_(options),
      augmentation_(augmentation),
      resize_crop_(resize_crop) {
  dataset_.validate();
  batches_per_epoch();  // checks the options
}

BatchRange<ImageBatches::Batch> ImageBatches::epoch(long epoch) const& {
  return batches(batches_per_epoch(), epoch_order(dataset_.count(), options_.seed, epoch),
                 augmentation_, epoch);
}

BatchRange<ImageBatches::Batch> ImageBatches::in_order() const& {
  std::vector<long> order(dataset_.count());
  std::iota(order.begin(), order.end(), 0l);
  return batches(count_batches(dataset_.count(), {.batch = options_.batch}), std::move(order), {},
                 0);
}

// While the caller works with a batch, the images of the next one are decoded.
BatchRange<ImageBatches::Batch> ImageBatches::batches(long count, std::vector<long> order,
                                                      const Augmentation& augmentation,
                                                      long epoch) const {
  const auto prefetch = [=, this, order = std::move(order)](long index) {
    return prefetch_batch(dataset_, indices_of_batch(order, index, options_.batch), resize_crop_,
                          augmentation, options_.seed, epoch);
  };
  struct Next {
    long index = -1;
    std::optional<Prefetch> images{};
  };
  const auto next = std::make_shared<Next>();
  return {count, [=, this](long index) -> Batch {
            if (next->index != index) next->images.emplace(prefetch(index));
            const Samples samples = next->images->take();
            next->index = index + 1;
            next->images.reset();
            if (index + 1 < count) next->images.emplace(prefetch(index + 1));
            excite::Batch made =
                augment_batch(samples, normalization_, augmentation, options_.seed, epoch);
            return {std::move(made.x), std::move(made.labels)};
          }};
}

}  // namespace excite
