#include <gtest/gtest.h>

#include <filesystem>

#include "core/images/resize.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/data/builtin.h"

namespace excite {
namespace {

// True if the sheet shows built-in image `number` in this row and column.
bool shows(const Image& sheet, long row, long column, long number) {
  std::vector<std::uint8_t> image(32 * 32 * 3);
  draw_builtin_image(number, image.data());
  bool same = true;
  for (long h = 0; h < 32; h++) {
    const auto there = sheet.pixels.begin() + ((row * 32 + h) * sheet.width + column * 32) * 3;
    same = same && std::equal(there, there + 96, image.begin() + h * 96);
  }
  return same;
}

TEST(Images, DrawsOneColumnPerClass) {
  const ScratchFolder folder;
  const Ending ending = excite_program(
      {"images", "--data", "builtin", "--per-class", "3", "--out", folder / "sheet.png"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  expect_contains(ending.out,
                  "first 3 images of each class, from left to right: disc ring crescent");
  const Image sheet = read_image(folder / "sheet.png");
  ASSERT_EQ(sheet.height, 3 * 32);
  ASSERT_EQ(sheet.width, 10 * 32);
  for (long row = 0; row < 3; row++)
    for (long column = 0; column < 10; column++)
      EXPECT_TRUE(shows(sheet, row, column, row * 10 + column)) << row << ", " << column;
}

TEST(Images, DrawsTheTestSetWithTest) {
  const ScratchFolder folder;
  EXPECT_EQ(
      excite_program({"images", "--test", "--per-class", "1", "--out", folder / "sheet.png"}).code,
      0);
  EXPECT_TRUE(shows(read_image(folder / "sheet.png"), 0, 7, builtin_train_count + 7));
}

TEST(Images, LeavesMissingImagesWhite) {
  const ScratchFolder folder;
  EXPECT_EQ(
      excite_program({"images", "--test", "--per-class", "201", "--out", folder / "sheet.png"})
          .code,
      0);
  const Image sheet = read_image(folder / "sheet.png");
  EXPECT_TRUE(shows(sheet, 199, 9, builtin_train_count + 1999));
  for (std::size_t i = sheet.pixels.size() - 32 * 320 * 3; i < sheet.pixels.size(); i++)
    ASSERT_EQ(sheet.pixels[i], 255);
}

// exif6.png is to be turned, so its sheet differs from that of the pixels as stored.
TEST(Images, TurnsImagesAsTheirExifDataSay) {
  const ScratchFolder folder;
  for (const char* set : {"train", "test"})
    for (const char* name : {"a", "b"}) {
      const std::string of_class = folder / "data/" + set + "/" + name;
      std::filesystem::create_directories(of_class);
      std::filesystem::copy_file("tests/golden/decoded/exif6.png", of_class + "/x.png");
    }
  const auto sheet = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command{"images", "--data", folder / "data", "--out",
                                     folder / "x.png"};
    command.insert(command.end(), more.begin(), more.end());
    const Ending ending = excite_program(command);
    EXPECT_EQ(ending.code, 0) << ending.err;
    return read_image(folder / "x.png").pixels;
  };
  const auto upright = sheet({});
  EXPECT_EQ(sheet({"--exif", "apply"}), upright);
  EXPECT_NE(sheet({"--exif", "ignore"}), upright);
  EXPECT_EQ(sheet({"--max-memory", "100MB"}), upright);
}

// A damaged file is named, and the next one is drawn in its place.
TEST(Images, SkipsDamagedFilesOfAFolder) {
  const ScratchFolder folder;
  const std::string damaged = folder / "data/test/b/1.png";
  for (const char* part : {"data/train/", "data/test/"})
    for (const char* name : {"a/1", "a/2", "b/1", "b/2"})
      put_image(folder / part + name + ".png", noise_image(8, 8, name[0] + name[2]));
  std::string bytes = get(damaged);
  bytes[bytes.size() - 20] ^= 1;
  put(damaged, bytes);
  const Ending ending = excite_program({"images", "--test", "--data", folder / "data",
                                        "--per-class", "2", "--out", folder / "sheet.png"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  expect_contains(ending.err, "excite: skipped " + damaged);
  const Image sheet = read_image(folder / "sheet.png");
  ASSERT_EQ(sheet.width, 16);
  EXPECT_EQ(crop(sheet, 0, 8, 8, 8).pixels, noise_image(8, 8, 'b' + '2').pixels);
  EXPECT_EQ(crop(sheet, 8, 0, 8, 8).pixels, noise_image(8, 8, 'a' + '2').pixels);
}

TEST(Images, DrawsTheSheetOfTheChapterAgain) {
  const Image sheet = read_image("tools/data/builtin.png");
  ASSERT_EQ(sheet.height, 2 * 32);
  for (long i = 0; i < 20; i++) EXPECT_TRUE(shows(sheet, i / 10, i % 10, i)) << i;
  expect_contains(get("tools/data/README.md"),
                  "excite images --data builtin --per-class 2 --out tools/data/builtin.png");
}

TEST(Images, NamesTheInvalidFileOrOption) {
  const ScratchFolder folder;
  expect_failure(excite_program({"images", "--out", folder / "no/sheet.png"}), 3, {"no/sheet.png"});
  expect_failure(excite_program({"images", "--per-class", "0", "--out", folder / "sheet.png"}), 2,
                 {"--per-class"});
  expect_failure(excite_program({"images", "--data", folder.path(), "--out", folder / "sheet.png"}),
                 3, {folder.path()});
}

TEST(Images, WritesOnlyPng) {
  const ScratchFolder folder;
  expect_failure(excite_program({"images", "--out", folder / "sheet.jpg"}), 2,
                 {"images: --out ", "sheet.jpg: expected a name that ends in .png"});
  EXPECT_TRUE(folder.files().empty());
}

}  // namespace
}  // namespace excite
