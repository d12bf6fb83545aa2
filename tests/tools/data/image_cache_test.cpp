// Decoded images that stay in memory: the same bits as without.
#include "tools/data/image_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/errors.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/data/batch.h"
#include "tools/data/load.h"

namespace excite {
namespace {

struct ImageCache : testing::Test {
  const ScratchFolder folder;
  ImageCache() {
    for (const char* name : {"a", "b"})
      for (long i = 0; i < 3; i++)
        put_image(folder / name + "/" + std::to_string(i) + ".png", noise_image(20 + i, 31, i));
    std::filesystem::copy_file("tests/golden/decoded/exif6.png", folder / "b/turned.png");
  }
  Dataset load() const { return load_data(folder.path()).train; }
  static Tensor batch_of(const Dataset& set, const Augmentation& augmentation,
                         const ResizeCrop& resize_crop) {
    std::vector<long> all;
    for (long i = 0; i < set.count(); i++) all.push_back(i);
    return make_batch(set, all, {}, augmentation, 1, 2, resize_crop).x;
  }
  static void expect_same(const Tensor& a, const Tensor& b) {
    ASSERT_EQ(a.shape(), b.shape());
    for (long i = 0; i < a.size(); i++) ASSERT_EQ(a[i], b[i]) << i;
  }
  // So that a read of a file is an error.
  void remove_files() const {
    for (const char* name : {"a", "b"}) std::filesystem::remove_all(folder / name);
  }
};

TEST_F(ImageCache, OfResizedImagesGivesTheSameBatches) {
  for (const ResizeCrop& square : {ResizeCrop{16, 16}, ResizeCrop{16, 24}}) {
    const Dataset files = load();
    Dataset kept = files;
    const CachedImages cached = cache_images(kept, square, 1'000'000);
    EXPECT_EQ(cached.images, 7);
    EXPECT_LT(cached.bytes, 7 * 3 * square.short_side * square.short_side * 31 / 19);  // resized
    expect_same(batch_of(files, parse_augmentation("crop,flip"), square),
                batch_of(kept, parse_augmentation("crop,flip"), square));
  }
}

TEST_F(ImageCache, OfWholeImagesGivesTheSameRandomWindows) {
  Dataset kept = load();
  const Tensor expected = batch_of(kept, parse_augmentation("resized-crop"), {16, 16});
  cache_images(kept, {}, 1'000'000);
  remove_files();
  expect_same(expected, batch_of(kept, parse_augmentation("resized-crop"), {16, 16}));
  const Dataset first = keep_first(kept, 2);
  EXPECT_EQ(first.image(1).pixels, kept.image(1).pixels);
  EXPECT_ANY_THROW(select(kept, {2}).image(0));  // without the images in memory
}

TEST_F(ImageCache, KeepsWhatFitsAndReadsTheOthers) {
  Dataset kept = load();
  const Tensor expected = batch_of(kept, {}, {16, 16});
  const CachedImages cached = cache_images(kept, {16, 16}, 3 * 3 * 16 * 26);
  EXPECT_GT(cached.images, 0);
  EXPECT_LT(cached.images, 7);
  EXPECT_LE(cached.bytes, 3 * 3 * 16 * 26);
  expect_same(expected, batch_of(kept, {}, {16, 16}));
}

TEST_F(ImageCache, LeavesTheErrorOfABrokenFileToItsReader) {
  std::string bytes = get(folder / "a/1.png");
  bytes[bytes.size() - 20] ^= 1;
  put(folder / "a/1.png", bytes);
  Dataset kept = load();
  EXPECT_EQ(cache_images(kept, {16, 16}, 1'000'000).images, 6);
  const auto broken = std::ranges::find(kept.files, folder / "a/1.png") - kept.files.begin();
  EXPECT_TRUE(fails_saying<FileError>([&] { kept.image(broken); }, {"a/1.png"}));
}

TEST(ImageCacheOfMemory, HasNothingToDo) {
  Dataset set;
  set.labels = {0};
  set.pixels.resize(3072);
  EXPECT_EQ(cache_images(set, {16, 16}, 1'000'000).images, 0);
  EXPECT_FALSE(set.decoded);
}

}  // namespace
}  // namespace excite
