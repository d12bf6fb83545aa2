#include "tools/data/batch.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

// The last part of the key of a random stream (core/random.h). The layers use 0 (Module::reseed),
// mixup and cutmix 5 (tools/training/step.cpp).
enum Stream { shuffling = 1, augmenting, cropping, first_flip, changing = 6 };

Shape shape_of(long count, const Image& first) { return {count, first.height, first.width, 3}; }

void require_same_size(const Image& a, const Image& b) {
  require(a.height == b.height && a.width == b.width, "a batch of images: one has ", a.height,
          " x ", a.width, " pixels, another one ", b.height, " x ", b.width,
          ", expected one size; --image-size N resizes them to N x N");
}

// Reflects an index beyond the edge: ... 2 1 | 0 1 2 ... n-1 | n-2 n-3 .... The edge pixel itself
// is not repeated.
long mirrored(long i, long n) {
  return std::max(0l, std::min(std::abs(i), 2 * (n - 1) - std::abs(i)));
}

}  // namespace

void apply_transform(const Image& image, const RandomTransform& t, const NormalizationTable& table,
                     real* x) {
  const long height = image.height, width = image.width;
  for (long i = 0; i < height; i++)
    for (long j = 0; j < width; j++, x += 3) {
      const long row = i + t.down, col = (t.flipped ? width - 1 - j : j) + t.right;
      const bool outside = t.black && (row < 0 || row >= height || col < 0 || col >= width);
      const long pixel = (mirrored(row, height) * width + mirrored(col, width)) * 3;
      const auto inside = [&](long top, long left, long h, long w) {
        return i >= top && i < top + h && j >= left && j < left + w;
      };
      const bool erased = inside(t.cut_top, t.cut_left, t.cut_side, t.cut_side) ||
                          inside(t.erased_top, t.erased_left, t.erased_height, t.erased_width);
      for (long c = 0; c < 3; c++) {
        const std::uint8_t byte = outside ? 0 : image.pixels[pixel + c];
        x[c] = erased ? real(0) : table[c][byte];
      }
    }
}

namespace {
// Fisher-Yates.
void shuffle(std::vector<long>& order, Rng& rng) {
  for (long i = std::ssize(order) - 1; i > 0; i--) std::swap(order[i], order[rng.below(i + 1)]);
}
}  // namespace

std::vector<long> epoch_order(long count, long seed, long epoch) {
  std::vector<long> order(count);
  std::iota(order.begin(), order.end(), 0l);
  Rng rng(seed, epoch, static_cast<long>(shuffling));
  shuffle(order, rng);
  return order;
}

std::vector<long> balanced_order(const std::vector<int>& labels, long seed, long epoch) {
  Rng rng(seed, epoch, static_cast<long>(shuffling));
  std::map<int, std::vector<long>> by_label;
  for (long i = 0; i < std::ssize(labels); i++) by_label[labels[i]].push_back(i);
  std::vector<std::vector<long>> classes;
  for (auto& [label, images] : by_label) classes.push_back(std::move(images));

  std::vector<long> order;
  for (long turn = 0; order.size() < labels.size(); turn++) {
    std::vector<long> places(classes.size());  // the last turn may be cut short anywhere
    std::iota(places.begin(), places.end(), 0l);
    shuffle(places, rng);
    for (const long place : places) {
      std::vector<long>& images = classes[place];
      const long at = turn % std::ssize(images);
      if (at == 0) shuffle(images, rng);
      if (order.size() < labels.size()) order.push_back(images[at]);
    }
  }
  shuffle(order, rng);
  return order;
}

Prefetch prefetch_batch(const Dataset& set, std::vector<long> indices,
                        const ResizeCrop& resize_crop, const Augmentation& augmentation, long seed,
                        long epoch) {
  if (!augmentation.resized_crop)
    return Prefetch(set, std::move(indices), [=](const ImageSource& image, long) {
      return resize_and_crop(image, resize_crop);
    });
  return Prefetch(set, std::move(indices), [=](const ImageSource& image, long index) {
    Rng rng(seed, epoch, index, static_cast<long>(cropping));
    const Window window = random_resized_crop(image.height(), image.width(), rng);
    const long height = resize_crop.side == 0 ? image.height() : resize_crop.side,
               width = resize_crop.side == 0 ? image.width() : resize_crop.side;
    return resize_crop.resize(image, window, height, width);
  });
}

namespace {
long first_flip_of(long seed, long image) {
  return Rng(seed, image, static_cast<long>(first_flip)).below(2);
}
}  // namespace

namespace {
Image changed_image(const Image& image, const std::vector<ImageChange>& changes) {
  Image changed = apply_change(image, changes[0]);
  for (std::size_t i = 1; i < changes.size(); i++) changed = apply_change(changed, changes[i]);
  return changed;
}
}  // namespace

Batch augment_batch(const Samples& samples, const Normalization& normalization,
                    const Augmentation& augmentation, long seed, long epoch) {
  const std::vector<Image>& images = samples.images;
  require<FileError>(
      !images.empty(),
      "a batch of images: none of its files could be decoded, expected at least one");
  for (const Image& image : images) require_same_size(image, images[0]);
  const long n = static_cast<long>(images.size());
  Batch batch{Tensor(shape_of(n, images[0])), samples.labels, {}};
  const NormalizationTable table = normalization_table(normalization);
  parallel_for(n, [&](long i) {
    const Image& image = images[i];
    Rng rng(seed, epoch, samples.indices[i], static_cast<long>(augmenting));
    RandomTransform t = draw_transform(image.height, image.width, augmentation, rng);
    if (augmentation.alternating_flip)
      t.flipped = (first_flip_of(seed, samples.indices[i]) + epoch) % 2 == 1;
    real* x = batch.x.data() + i * (batch.x.size() / n);
    Rng change_rng(seed, epoch, samples.indices[i], static_cast<long>(changing));
    const std::vector<ImageChange> changes =
        draw_changes(image.height, image.width, augmentation, change_rng);
    if (changes.empty())
      apply_transform(image, t, table, x);
    else
      apply_transform(changed_image(image, changes), t, table, x);
  });
  return batch;
}

Batch make_batch(const Dataset& set, const std::vector<long>& indices,
                 const Normalization& normalization, const Augmentation& augmentation, long seed,
                 long epoch, const ResizeCrop& resize_crop) {
  return augment_batch(prefetch_batch(set, indices, resize_crop, augmentation, seed, epoch).take(),
                       normalization, augmentation, seed, epoch);
}

Batch to_tensors(const Dataset& set, const Normalization& normalization,
                 const ResizeCrop& resize_crop) {
  set.validate();
  std::vector<long> all(set.count());
  std::iota(all.begin(), all.end(), 0l);
  return make_batch(set, all, normalization, {}, 0, 0, resize_crop);
}

Tensor make_crops(const std::vector<Image>& images, const ResizeCrop& resize_crop,
                  const Normalization& normalization, Crops crops) {
  std::vector<const Image*> pointers;
  for (const Image& image : images) pointers.push_back(&image);
  return make_crops(pointers, resize_crop, normalization, crops);
}

Tensor make_crops(const std::vector<const Image*>& images, const ResizeCrop& resize_crop,
                  const Normalization& normalization, Crops crops) {
  require(!images.empty(), "make_crops: no images, expected at least one");
  for (std::size_t i = 0; resize_crop.side == 0 && i < images.size(); i++)
    require_same_size(*images[i], *images[0]);
  const long n = static_cast<long>(images.size());
  const long height = resize_crop.side == 0 ? images[0]->height : resize_crop.side;
  const long width = resize_crop.side == 0 ? images[0]->width : resize_crop.side;
  const long crop_size = height * width * 3;
  Tensor x({crop_count(crops) * n, height, width, 3});
  const NormalizationTable table = normalization_table(normalization);
  parallel_for(n, [&](long i) {
    const Image whole = resize_for_crop(*images[i], resize_crop);
    real* out = x.data() + i * crop_size;
    for (const CropWindow& window :
         make_crop_windows(whole.height, whole.width, height, width, crops)) {
      const Image part = crop(whole, window.top, window.left, height, width);
      apply_transform(part, {.flipped = window.flipped}, table, out);
      out += n * crop_size;
    }
  });
  return x;
}

}  // namespace excite
