#include "tools/data/batch.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

enum Stream { shuffling = 1, augmenting, cropping };  // the last name of a stream; 0 is that of the layers', Module::reseed

Shape shape_of(long count, const Image& first) { return {count, first.height, first.width, 3}; }

void require_one_size(const std::vector<Image>& images) {
  for (const Image& image : images)
    require(image.height == images[0].height && image.width == images[0].width, "a batch of pictures of ", image.height, " x ", image.width, " and ",
            images[0].height, " x ", images[0].width, ", expected one size; --side N makes them N x N");
}

// ... 2 1 | 0 1 2 ... n-1 | n-2 n-3 ...: the first and the last pixel are the mirrors, and stand there once.
long mirrored(long i, long n) { return std::max(0l, std::min(std::abs(i), 2 * (n - 1) - std::abs(i))); }

}  // namespace

void displace(const Image& image, const Displacement& d, const NormalisationTable& table, real* x) {
  const long height = image.height, width = image.width;
  for (long i = 0; i < height; i++)
    for (long j = 0; j < width; j++, x += 3) {
      const long row = i + d.down, col = (d.flipped ? width - 1 - j : j) + d.right;
      const bool dark = d.black && (row < 0 || row >= height || col < 0 || col >= width);
      const long from = (mirrored(row, height) * width + mirrored(col, width)) * 3;
      const bool cut = i >= d.cut_top && i < d.cut_top + d.cut_side && j >= d.cut_left && j < d.cut_left + d.cut_side;
      for (long c = 0; c < 3; c++) {
        const std::uint8_t byte = dark ? 0 : image.pixels[static_cast<std::size_t>(from + c)];
        x[c] = cut ? real(0) : table[static_cast<std::size_t>(c)][byte];
      }
    }
}

// Fisher and Yates: each of the places left is equally likely to give the next number.
std::vector<long> epoch_order(long count, long seed, long epoch) {
  std::vector<long> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0l);
  Rng rng(seed, epoch, static_cast<long>(shuffling));
  for (long i = count - 1; i > 0; i--) std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(rng.below(i + 1))]);
  return order;
}

Reading read_for_training(const Dataset& set, std::vector<long> pictures, const Frame& frame, const Augmentation& augmentation, long seed,
                          long epoch) {
  if (!augmentation.resized_crop) return Reading(set, std::move(pictures), [=](const Image& image, long) { return framed(image, frame); });
  return Reading(set, std::move(pictures), [=](const Image& image, long picture) {
    Rng rng(seed, epoch, picture, static_cast<long>(cropping));
    const Window w = random_window(image.height, image.width, rng);
    const long height = frame.side == 0 ? image.height : frame.side, width = frame.side == 0 ? image.width : frame.side;
    return frame.resize(crop(image, w.top, w.left, w.height, w.width), height, width);
  });
}

Batch augmented(const Pictures& pictures, const Normalisation& normalisation, const Augmentation& augmentation, long seed, long epoch) {
  const std::vector<Image>& images = pictures.images;
  require<FileError>(!images.empty(), "a batch of pictures: none of its files could be decoded, expected at least one picture");
  require_one_size(images);
  const long n = static_cast<long>(images.size());
  Batch batch{Tensor(shape_of(n, images[0])), pictures.labels};
  const NormalisationTable table = table_of(normalisation);
  parallel_for(n, [&](long i) {
    const Image& image = images[static_cast<std::size_t>(i)];
    Rng rng(seed, epoch, pictures.numbers[static_cast<std::size_t>(i)], static_cast<long>(augmenting));
    displace(image, random_displacement(image.height, image.width, augmentation, rng), table, batch.x.data() + i * (batch.x.size() / n));
  });
  return batch;
}

Batch make_batch(const Dataset& set, const std::vector<long>& pictures, const Normalisation& normalisation, const Augmentation& augmentation,
                 long seed, long epoch, const Frame& frame) {
  return augmented(read_for_training(set, pictures, frame, augmentation, seed, epoch).take(), normalisation, augmentation, seed, epoch);
}

Tensor make_views(const std::vector<Image>& images, const Frame& frame, const Normalisation& normalisation, Views views) {
  require(!images.empty(), "make_views: no pictures, expected at least one");
  if (frame.side == 0) require_one_size(images);
  const long n = static_cast<long>(images.size()), height = frame.side == 0 ? images[0].height : frame.side;
  const long width = frame.side == 0 ? images[0].width : frame.side, numbers = height * width * 3;
  Tensor x({count(views) * n, height, width, 3});
  const NormalisationTable table = table_of(normalisation);
  parallel_for(n, [&](long i) {
    const Image& image = images[static_cast<std::size_t>(i)];
    const Image whole = brought_to_size(image, frame);
    real* to = x.data() + i * numbers;
    for (const View& v : views_of(whole.height, whole.width, height, width, views)) {
      displace(crop(whole, v.top, v.left, height, width), {.flipped = v.mirrored}, table, to);
      to += n * numbers;
    }
  });
  return x;
}

}  // namespace excite
