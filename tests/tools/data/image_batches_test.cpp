#include "tools/data/image_batches.h"

#include <utility>

#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tests/support/training_images.h"
#include "tools/data/folder.h"
#include "tools/data/load.h"

namespace excite {
namespace {

std::vector<ImageBatches::Batch> all_of(const BatchRange<ImageBatches::Batch>& range) {
  std::vector<ImageBatches::Batch> all;
  for (ImageBatches::Batch batch : range) all.push_back(std::move(batch));
  return all;
}

void expect_same(const std::vector<ImageBatches::Batch>& a,
                 const std::vector<ImageBatches::Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); i++) {
    EXPECT_TRUE(same_bits(a[i].x->value, b[i].x->value)) << "batch " << i;
    EXPECT_EQ(a[i].labels, b[i].labels) << "batch " << i;
  }
}

// The same images as a training step takes.
TEST(ImageBatches, AreThoseOfMakeBatch) {
  const Dataset set = noisy_images(10);
  const Normalization n = compute_normalization(set);
  const Augmentation augmentation = parse_augmentation("crop,flip,cutout");
  const ImageBatches batches(set, n, {.batch = 4, .seed = 5}, augmentation);
  const std::vector<long> order = epoch_order(10, 5, 3);
  const std::vector<ImageBatches::Batch> epoch = all_of(batches.epoch(3));
  ASSERT_EQ(epoch.size(), 3u);
  for (long b = 0; b < 3; b++) {
    const Batch expected = make_batch(set, indices_of_batch(order, b, 4), n, augmentation, 5, 3);
    EXPECT_TRUE(same_bits(epoch[b].x->value, expected.x));
    EXPECT_EQ(epoch[b].labels, expected.labels);
  }
  expect_same(all_of(batches.epoch(3)), epoch);
  EXPECT_FALSE(same_bits(all_of(batches.epoch(4))[0].x->value, epoch[0].x->value));
}

TEST(ImageBatches, InOrderAreTheImagesWithoutAugmentation) {
  const Dataset set = noisy_images(10);
  const Normalization n = compute_normalization(set);
  const ImageBatches batches(set, n, {.batch = 4, .drop_last = true},
                             parse_augmentation("crop,flip"));
  EXPECT_EQ(batches.batches_per_epoch(), 2);
  const Batch whole = to_tensors(set, n);
  EXPECT_EQ(whole.labels, set.labels);
  const std::vector<ImageBatches::Batch> all = all_of(batches.in_order());
  ASSERT_EQ(all.size(), 3u);
  const real* expected = whole.x.data();
  for (const ImageBatches::Batch& batch : all)
    for (const real v : batch.x->value) ASSERT_EQ(v, *expected++);
  EXPECT_EQ(expected, whole.x.end());
}

// As in tools/data/README.md.
TEST(ImageBatches, OfTheBuiltInImages) {
  const DataSplit data = load_data("builtin");
  const Normalization normalization = compute_normalization(data.train);
  const ImageBatches train(data.train, normalization, {.batch = 64}, parse_augmentation("flip"));
  EXPECT_EQ(train.batches_per_epoch(), 157);
  for (const auto& [x, labels] : train.epoch(0)) {
    EXPECT_EQ(x.shape(), Shape({64, 32, 32, 3}));
    EXPECT_EQ(labels.size(), 64u);
    break;
  }
}

TEST(ImageBatches, OfFilesAreThoseOfMemory) {
  const ScratchFolder folder;
  const Dataset set = noisy_images(10);
  put_as_folder(set, folder / "train");
  put_as_folder(set, folder / "test");
  const Dataset files = load_folder(folder.path(), OnBadImage::skip).train;
  ASSERT_TRUE(files.in_files());
  const Normalization n = compute_normalization(set);
  const Augmentation augmentation = parse_augmentation("crop,flip");
  const ImageBatches from_files(files, n, {.batch = 4}, augmentation),
      from_memory(set, n, {.batch = 4}, augmentation);
  expect_same(all_of(from_files.epoch(1)), all_of(from_memory.epoch(1)));
  const auto epoch = from_files.epoch(1);
  EXPECT_EQ((*epoch.begin()).x.shape()[0], 4);  // leaves while the next images are being decoded
  expect_same(all_of(epoch), all_of(from_memory.epoch(1)));
}

TEST(ImageBatches, OfImagesOfDifferentSizesNeedAResizeCrop) {
  const ScratchFolder folder;
  for (const char* part : {"train", "test"})
    for (long i = 0; i < 4; i++)
      put_image(folder / part + "/" + (i % 2 ? "a" : "b") + "/" + std::to_string(i) + ".png",
                noise_image(20 + i, 30, i));
  const Dataset set = load_folder(folder.path(), OnBadImage::skip).train;
  const Normalization n = compute_normalization(set);
  const ImageBatches batches(set, n);
  EXPECT_TRUE(fails_saying([&] { all_of(batches.epoch(0)); }, {"expected one size"}));
  const ImageBatches square(set, n, {.batch = 3}, {}, {.side = 16, .short_side = 16});
  EXPECT_EQ(all_of(square.epoch(0))[0].x.shape(), Shape({3, 16, 16, 3}));
}

}  // namespace
}  // namespace excite
