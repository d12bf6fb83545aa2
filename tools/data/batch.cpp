#include "tools/data/batch.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

enum Stream {
  shuffling = 1,
  augmenting,
  cropping
};  // the last name of a stream; 0 is that of the layers', Module::reseed

Shape shape_of(long count, const Image& first) { return {count, first.height, first.width, 3}; }

void require_one_size(const std::vector<Image>& images) {
  for (const Image& image : images)
    require(image.height == images[0].height && image.width == images[0].width,
            "a batch of images of ", image.height, " x ", image.width, " and ", images[0].height,
            " x ", images[0].width, ", expected one size; --image-size N makes them N x N");
}

// ... 2 1 | 0 1 2 ... n-1 | n-2 n-3 ...: the first and the last pixel are the mirrors, and stand
// there once.
long mirrored(long i, long n) {
  return std::max(0l, std::min(std::abs(i), 2 * (n - 1) - std::abs(i)));
}

}  // namespace

void apply_transform(const Image& image, const RandomTransform& d, const NormalizationTable& table,
                     real* x) {
  const long height = image.height, width = image.width;
  for (long i = 0; i < height; i++)
    for (long j = 0; j < width; j++, x += 3) {
      const long row = i + d.down, col = (d.flipped ? width - 1 - j : j) + d.right;
      const bool dark = d.black && (row < 0 || row >= height || col < 0 || col >= width);
      const long from = (mirrored(row, height) * width + mirrored(col, width)) * 3;
      const bool cut = i >= d.cut_top && i < d.cut_top + d.cut_side && j >= d.cut_left &&
                       j < d.cut_left + d.cut_side;
      for (long c = 0; c < 3; c++) {
        const std::uint8_t byte = dark ? 0 : image.pixels[from + c];
        x[c] = cut ? real(0) : table[c][byte];
      }
    }
}

// Fisher and Yates: each of the places left is equally likely to give the next number.
std::vector<long> epoch_order(long count, long seed, long epoch) {
  std::vector<long> order(count);
  std::iota(order.begin(), order.end(), 0l);
  Rng rng(seed, epoch, static_cast<long>(shuffling));
  for (long i = count - 1; i > 0; i--) std::swap(order[i], order[rng.below(i + 1)]);
  return order;
}

Prefetch read_for_training(const Dataset& set, std::vector<long> numbers,
                           const ResizeCrop& resize_crop, const Augmentation& augmentation,
                           long seed, long epoch) {
  if (!augmentation.resized_crop)
    return Prefetch(set, std::move(numbers),
                    [=](const Image& image, long) { return resize_and_crop(image, resize_crop); });
  return Prefetch(set, std::move(numbers), [=](const Image& image, long number) {
    Rng rng(seed, epoch, number, static_cast<long>(cropping));
    const Window w = random_window(image.height, image.width, rng);
    const long height = resize_crop.side == 0 ? image.height : resize_crop.side,
               width = resize_crop.side == 0 ? image.width : resize_crop.side;
    return resize_crop.resize(crop(image, w.top, w.left, w.height, w.width), height, width);
  });
}

Batch augmented(const Samples& samples, const Normalization& normalization,
                const Augmentation& augmentation, long seed, long epoch) {
  const std::vector<Image>& images = samples.images;
  require<FileError>(
      !images.empty(),
      "a batch of images: none of its files could be decoded, expected at least one image");
  require_one_size(images);
  const long n = static_cast<long>(images.size());
  Batch batch{Tensor(shape_of(n, images[0])), samples.labels};
  const NormalizationTable table = table_of(normalization);
  parallel_for(n, [&](long i) {
    const Image& image = images[i];
    Rng rng(seed, epoch, samples.numbers[i], static_cast<long>(augmenting));
    apply_transform(image, draw_transform(image.height, image.width, augmentation, rng), table,
                    batch.x.data() + i * (batch.x.size() / n));
  });
  return batch;
}

Batch make_batch(const Dataset& set, const std::vector<long>& numbers,
                 const Normalization& normalization, const Augmentation& augmentation, long seed,
                 long epoch, const ResizeCrop& resize_crop) {
  return augmented(read_for_training(set, numbers, resize_crop, augmentation, seed, epoch).take(),
                   normalization, augmentation, seed, epoch);
}

Tensor make_crops(const std::vector<Image>& images, const ResizeCrop& resize_crop,
                  const Normalization& normalization, Crops crops) {
  require(!images.empty(), "make_crops: no images, expected at least one");
  if (resize_crop.side == 0) require_one_size(images);
  const long n = static_cast<long>(images.size()),
             height = resize_crop.side == 0 ? images[0].height : resize_crop.side;
  const long width = resize_crop.side == 0 ? images[0].width : resize_crop.side,
             numbers = height * width * 3;
  Tensor x({count(crops) * n, height, width, 3});
  const NormalizationTable table = table_of(normalization);
  parallel_for(n, [&](long i) {
    const Image& image = images[i];
    const Image whole = resize_to(image, resize_crop);
    real* to = x.data() + i * numbers;
    for (const CropWindow& v : crop_windows(whole.height, whole.width, height, width, crops)) {
      apply_transform(crop(whole, v.top, v.left, height, width), {.flipped = v.mirrored}, table,
                      to);
      to += n * numbers;
    }
  });
  return x;
}

}  // namespace excite
