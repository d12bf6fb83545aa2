#include "tools/data/folder.h"

#include <algorithm>
#include <filesystem>

#include "core/memory_budget.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tests/support/compare.h"
#include "tests/support/errors.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tests/support/training_images.h"
#include "tools/data/batch.h"
#include "tools/data/load.h"

namespace excite {
namespace {

std::vector<long> first_indices(long count) {
  std::vector<long> all;
  for (long i = 0; i < count; i++) all.push_back(i);
  return all;
}

TEST(Folder, NumbersClassesByNameAndAlternatesThem) {
  const ScratchFolder folder;
  for (const char* name : {"train/b/1.png", "train/a/2.png", "train/a/1.png", "train/a/3.png",
                           "test/a/x.png", "test/b/y.png"})
    put_image(folder / name, noise_image(4, 5, 1));
  put(folder / "train/a/.hidden", "not an image");
  put(folder / "train/notes.txt", "not a class");
  const DataSplit data = load_data(folder.path());
  EXPECT_EQ(data.train.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(data.train.labels, (std::vector<int>{0, 1, 0, 0}));
  const std::vector<std::string> files{folder / "train/a/1.png", folder / "train/b/1.png",
                                       folder / "train/a/2.png", folder / "train/a/3.png"};
  EXPECT_EQ(data.train.files, files);
  EXPECT_EQ(std::pair(data.test.height, data.test.width), std::pair(4l, 5l));
  EXPECT_EQ(keep_first(data.train, 2).files.size(), 2u);
  put_image(folder / "test/b/z.png", noise_image(5, 4, 1));
  EXPECT_EQ(load_test_data(folder.path()).height, 0);
}

TEST(LoadData, SuggestsTheBuiltInImages) {
  expect_contains(file_error([&] { load_data("buildin"); }),
                  "buildin: there is no such folder; the nearest is builtin; expected ");
}

TEST(Folder, AnErrorSaysWhatIsMissing) {
  const ScratchFolder folder;
  const auto error = [&] { return file_error([&] { load_data(folder.path()); }); };
  put_image(folder / "test/a/x.png", noise_image(4, 4, 1));
  expect_contains(error(), folder / "train: there is no such folder; expected " + folder.path() +
                               "/{train,val,test}/CLASS/*");
  std::filesystem::create_directories(folder / "train");
  expect_contains(
      error(), folder / "train: there is no folder in it, expected one folder of images per class");
  put_image(folder / "train/a/x.png", noise_image(4, 4, 1));
  std::filesystem::create_directories(folder / "train/b");
  expect_contains(error(), folder / "train/b: there is no image in it");
  put_image(folder / "train/b/x.png", noise_image(4, 4, 1));
  expect_contains(
      error(),
      "train has 2 classes, test has 1, expected the same ones; the first that only one of "
      "them has is b");
}

// ---- layouts ----

TEST(Folder, TakesTheThreeNamesOfTheValidationSetButNotTwoOfThem) {
  const ScratchFolder folder;
  for (const char* part : {"train", "test"})
    for (const char* label : {"a", "b"})
      put_image(folder / text(part, "/", label, "/1.png"), noise_image(4, 4, 1));
  for (const std::string name : {"val", "valid", "validation"}) {
    for (const char* label : {"a", "b"})
      put_image(folder / text(name, "/", label, "/x.png"), noise_image(4, 4, 1));
    EXPECT_EQ(load_data(folder.path()).validation.source, folder / name);
    if (name != "validation") std::filesystem::remove_all(folder / name);
  }
  std::filesystem::remove_all(folder / "test");
  EXPECT_EQ(load_data(folder.path()).test.count(), 0);
  EXPECT_EQ(load_test_data(folder.path()).source, folder / "validation");
  std::filesystem::create_directories(folder / "val");
  expect_contains(file_error([&] { load_data(folder.path()); }), "has both ");
}

TEST(Folder, OfClassesIsATrainingSetAndWalksTheFoldersBelow) {
  const ScratchFolder folder;
  for (const char* name : {"a/1.png", "a/deep/er/2.png", "a/.trash/3.png", "b/1.png", ".c/1.png"})
    put_image(folder / name, noise_image(4, 4, 1));
  std::filesystem::create_directory_symlink(folder / "a", folder / "a/deep/loop");
  put_image(folder / ".elsewhere/9.png", noise_image(4, 4, 1));
  for (const char* link : {"b/link", "b/link2"})
    std::filesystem::create_directory_symlink(folder / ".elsewhere", folder / link);
  const DataSplit data = load_data(folder.path());
  EXPECT_EQ(data.train.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(data.train.files,
            (std::vector<std::string>{folder / "a/1.png", folder / "b/1.png",
                                      folder / "a/deep/er/2.png", folder / "b/link/9.png"}));
  EXPECT_EQ(data.test.count() + data.validation.count(), 0);
  EXPECT_EQ(load_test_data(folder.path()).count(), 4);
  EXPECT_EQ(load_data_to_judge(folder.path(), 0.5).count(), 2);
  expect_contains(file_error([&] { load_data_to_judge(folder.path(), 0); }),
                  "the run trained on all of its images");
}

TEST(LoadData, NamesTheFolderThatWasMeant) {
  const ScratchFolder folder;
  for (const char* name : {"d/train/a/1.png", "d/train/b/1.png", "flat/a/1.png", "flat/b/1.png"})
    put_image(folder / name, noise_image(4, 4, 1));
  const auto error = [&](const std::string& source) {
    return file_error([&] { load_data(source); });
  };
  expect_contains(error(folder / "d/train/a"), "the data set seems to be " + (folder / "d;"));
  expect_contains(error(folder / "flat/a/"), "the data set seems to be " + (folder / "flat;"));
  std::filesystem::remove_all(folder / "flat");
  expect_contains(error(folder.path()), "the data set seems to be " + (folder / "d;"));
  expect_contains(error(folder / "nowhere"), "nowhere: there is no such folder");
  std::filesystem::create_directories(folder / "py/cifar-10-batches-py");
  put(folder / "py/cifar-10-batches-py/data_batch_1", "x");
  expect_contains(error(folder / "py"), "the Python version of CIFAR");
}

TEST(LabelFile, NamesTheImagesAndTheirSets) {
  const ScratchFolder folder;
  for (const char* name : {"i/1.png", "i/2, b.png", "i/3.png", "i/4.png"})
    put_image(folder / name, noise_image(4, 4, 1));
  const std::string list = folder / "list.csv";
  put(list,
      "file,label,set\r\ni/1.png,b,train\r\n\"i/2, b.png\",a,train\r\n"
      "i/3.png,a,val\r\ni/4.png,b,val\r\n");
  const DataSplit data = load_data(list);
  EXPECT_EQ(data.train.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(data.train.files,
            (std::vector<std::string>{folder / "i/2, b.png", folder / "i/1.png"}));
  EXPECT_EQ(data.validation.count(), 2);
  EXPECT_EQ(load_test_data(list).count(), 2);
  const auto error = [&](const std::string& content) {
    put(list, content);
    return file_error([&] { load_data(list); });
  };
  expect_contains(error("a,b\n"), "its first line is 'a,b', expected file,label");
  expect_contains(error("file,label\ni/1.png\n"), "line 2: 'i/1.png', expected file,label");
  expect_contains(error("file,label\n\"i/1.png,a\n"), "line 2: '\"i/1.png,a', expected");
  expect_contains(error("file,label,set\ni/1.png,a,tset\n"), "line 2: the set is 'tset', expected");
  expect_contains(error("file,label\n"), "it names no image");
  testing::internal::CaptureStderr();
  expect_contains(error("file,label\ni/1.png,a\ni/none.png,b\n"), "expected those of the class b");
  expect_contains(testing::internal::GetCapturedStderr(), folder / "i/none.png");
}

TEST(Folder, ReportsABadImageAndSkipsItOrFails) {
  const ScratchFolder folder;
  for (const char* name : {"test/a/1.png", "test/a/2.png", "test/a/3.png"})
    put_image(folder / name, noise_image(4, 4, 1));
  const std::string no_header = folder / "test/a/0.jpg", damaged = folder / "test/a/2.png";
  put(no_header, "not an image");
  std::string bytes = get(damaged);
  bytes[bytes.size() - 20] ^= 1;  // a pixel: the checksum is wrong, which only decoding finds
  put(damaged, bytes);

  testing::internal::CaptureStderr();
  const Dataset set = load_test_data(folder.path());
  expect_contains(testing::internal::GetCapturedStderr(),
                  "excite: skipped " + no_header + ": is neither a PNG nor a JPEG, WebP");
  EXPECT_EQ(set.count(), 3);
  testing::internal::CaptureStderr();
  const Samples samples = Prefetch(set, {0, 1, 2}, identity_transform).take();
  expect_contains(testing::internal::GetCapturedStderr(), "excite: skipped " + damaged);
  EXPECT_EQ(samples.indices, (std::vector<long>{0, 2}));
  EXPECT_EQ(samples.labels.size(), 2u);
  testing::internal::CaptureStderr();
  EXPECT_TRUE(Prefetch(set, {1}, identity_transform).take().images.empty());
  expect_contains(file_error([&] {
                    make_batch(set, {1}, {{0, 0, 0}, {1, 1, 1}}, {}, 0, 0);
                  }),
                  "expected at least one");
  testing::internal::GetCapturedStderr();

  expect_contains(file_error([&] { load_test_data(folder.path(), OnBadImage::fail); }), no_header);
  std::filesystem::remove(no_header);
  const Dataset strict = load_test_data(folder.path(), OnBadImage::fail);
  expect_contains(file_error([&] {
                    Prefetch(strict, {0, 1, 2}, identity_transform).take();
                  }),
                  damaged);
}

// Good images would otherwise be missing by chance.
TEST(Folder, ShortMemoryEndsARunInsteadOfSkippingImages) {
  const ScratchFolder folder;
  put_as_folder(noisy_images(6, 2), folder / "test");
  const Dataset set = load_test_data(folder.path());
  const long before = max_memory();
  set_max_memory(3'000);
  EXPECT_TRUE(fails_saying<MemoryError>(
      [&] {
        Prefetch(set, {0, 1, 2}, identity_transform).take();
      },
      {"of memory, but at most"}));
  EXPECT_THROW(compute_normalization(set), MemoryError);
  set_max_memory(before);
  EXPECT_EQ(Prefetch(set, {0, 1, 2}, identity_transform).take().images.size(), 3u);
}

TEST(Folder, GivesTheSameBatchesAsImagesInMemoryOnAnyNumberOfThreads) {
  const ScratchFolder folder;
  const Dataset in_memory = noisy_images(12, 3);
  put_as_folder(in_memory, folder / "test");
  const Dataset files = load_test_data(folder.path());
  ASSERT_EQ(files.labels, in_memory.labels);
  const Normalization n = compute_normalization(in_memory), m = compute_normalization(files);
  EXPECT_EQ(n.mean, m.mean);
  EXPECT_EQ(n.deviation, m.deviation);
  const int before = threads();
  for (const char* augmentation : {"none", "crop,flip,cutout", "resized-crop,flip"})
    for (const ResizeCrop& resize_crop : {ResizeCrop{}, ResizeCrop{32, 32}, ResizeCrop{20, 24}}) {
      const Augmentation a = parse_augmentation(augmentation);
      set_threads(1);
      const Batch expected = make_batch(in_memory, first_indices(12), n, a, 4, 5, resize_crop);
      for (const int count : {1, 2, 7}) {
        set_threads(count);
        const Batch batch = make_batch(files, first_indices(12), n, a, 4, 5, resize_crop);
        EXPECT_TRUE(same_bits(batch.x, expected.x)) << augmentation << " " << count;
        EXPECT_EQ(batch.labels, expected.labels);
      }
    }
  set_threads(before);
}

TEST(Folder, AResizedCropIsAFunctionOfSeedEpochAndImage) {
  const Dataset set = noisy_images(4, 2);
  const auto make = [&](long seed, long epoch) {
    return make_batch(set, {0, 1, 2, 3}, compute_normalization(set),
                      parse_augmentation("resized-crop"), seed, epoch, {24, 24})
        .x;
  };
  EXPECT_EQ(make(1, 1).shape(), (Shape{4, 24, 24, 3}));
  EXPECT_TRUE(same_bits(make(1, 1), make(1, 1)));
  EXPECT_FALSE(same_bits(make(1, 1), make(2, 1)));
  EXPECT_FALSE(same_bits(make(1, 1), make(1, 2)));
}

}  // namespace
}  // namespace excite
