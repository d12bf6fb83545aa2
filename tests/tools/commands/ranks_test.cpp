// What ranks check and send before they train together. The ranks are threads.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/memory_budget.h"
#include "core/text.h"
#include "tests/support/errors.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tests/support/thread_ranks.h"
#include "tests/support/training_images.h"
#include "tools/commands/equal_ranks.h"
#include "tools/commands/rank_data.h"

namespace excite {
namespace {

RunConfig config_of(long seed, const std::string& data = "builtin") {
  Recipe recipe;
  recipe.seed = seed;
  return make_config(recipe, {}, data, OnBadImage::skip);
}

TEST(EqualRanks, MayHaveTheirImagesInAnotherFolder) {
  on_ranks(3, [](Ranks& ranks) {
    require_equal_ranks(ranks, config_of(1, text("/folder-", ranks.rank())),
                        {noisy_images(20), noisy_images(3)}, {});
  });
}

TEST(EqualRanks, NameTheFirstOneThatHasOtherOptions) {
  on_ranks(3, [](Ranks& ranks) {
    EXPECT_TRUE(fails_saying(
        [&] {
          require_equal_ranks(ranks, config_of(ranks.rank() == 1 ? 7 : 0), {noisy_images(20), {}},
                              {});
        },
        {"rank 1 has another configuration than rank 0", "\"seed\": 7", "\"seed\": 0"}));
  });
}

TEST(EqualRanks, NameTheFirstOneThatHasOtherImages) {
  on_ranks(3, [](Ranks& ranks) {
    EXPECT_TRUE(fails_saying(
        [&] {
          require_equal_ranks(ranks, config_of(0), {noisy_images(20, 10, ranks.rank() / 2), {}},
                              {});
        },
        {"rank 2 has another set of images than rank 0", "20 images with the checksum"}));
  });
}

// As of image files with the same names, but other pixels.
TEST(EqualRanks, NameTheFirstOneWithAnotherNormalization) {
  on_ranks(2, [](Ranks& ranks) {
    Normalization own;
    if (ranks.rank() == 1) own.deviation[2] = 1 + 1e-15;
    EXPECT_TRUE(fails_saying(
        [&] {
          require_equal_ranks(ranks, config_of(0), {noisy_images(20), {}}, own);
        },
        {"rank 1 has another normalization than rank 0", "mean and deviation of the pixels 0.0"}));
  });
}

TEST(EqualRanks, GetTheConfigurationOfRank0) {
  on_ranks(2, [](Ranks& ranks) {
    EXPECT_EQ(config_of_first_rank(ranks, config_of(5 + ranks.rank())).recipe.seed, 5);
  });
}

TEST(DataFromRank0, IsTheSameOnAllRanks) {
  const DataSplit expected{noisy_images(20), noisy_images(3, 10, 1), noisy_images(5, 10, 2)};
  on_ranks(3, [&](Ranks& ranks) {
    const DataSplit data = load_for_ranks(&ranks, DataFrom::first_rank, [&] {
      EXPECT_EQ(ranks.rank(), 0);
      return expected;
    });
    for (const auto part : {&DataSplit::train, &DataSplit::test, &DataSplit::validation}) {
      EXPECT_EQ((data.*part).pixels, (expected.*part).pixels);
      EXPECT_EQ((data.*part).labels, (expected.*part).labels);
      EXPECT_EQ((data.*part).classes, (expected.*part).classes);
      EXPECT_EQ((data.*part).source, (expected.*part).source);
    }
  });
}

// Only rank 0 has the folder. A file that it cannot use is the same error on all ranks.
TEST(DataFromRank0, SendsImageFiles) {
  const ScratchFolder folder;
  DataSplit expected;
  for (long i = 0; i < 4; i++) {
    put_image(folder / text(i, ".png"), noise_image(5 + i, 7, i));
    (i < 3 ? expected.train : expected.test).files.push_back(folder / text(i, ".png"));
    (i < 3 ? expected.train : expected.test).labels.push_back(static_cast<int>(i % 2));
  }
  put(folder / "0.png", "no image");
  expected.train.classes = expected.test.classes = {"a\nb", "c"};
  expected.train.strict = true, expected.test.exif = Exif::ignore;
  const std::vector<Image> images{expected.train.image(1), expected.train.image(2),
                                  expected.test.image(0)};
  on_ranks(3, [&](Ranks& ranks) {
    const DataSplit data = load_for_ranks(&ranks, DataFrom::first_rank, [&] { return expected; });
    all_gather(ranks, 0);  // all have theirs
    if (ranks.rank() == 0) std::filesystem::remove_all(folder.path());
    all_gather(ranks, 0);
    EXPECT_EQ(data.train.files, expected.train.files);
    EXPECT_EQ(data.train.classes, expected.train.classes);
    EXPECT_TRUE(data.train.strict && !data.test.strict);
    EXPECT_TRUE(data.train.exif == Exif::apply && data.test.exif == Exif::ignore);
    EXPECT_TRUE(fails_saying([&] { data.train.image(0); }, {"0.png"}));
    EXPECT_EQ(data.train.image(1).pixels, images[0].pixels);
    EXPECT_EQ(select(data.train, {2}).image(0).pixels, images[1].pixels);
    EXPECT_EQ(data.test.image(0).pixels, images[2].pixels);
  });
}

TEST(DataFromRank0, RefusesFilesThatExceedTheMemoryBudget) {
  const ScratchFolder folder;
  DataSplit split;
  for (const char* name : {"/a.png", "/b.png"}) {
    put(folder.path() + name, std::string(3000, 'a'));
    split.train.files.push_back(folder.path() + name);
    split.train.labels.push_back(0);
  }
  const long before = max_memory();
  set_max_memory(5999);
  on_ranks(2, [&](Ranks& ranks) {
    EXPECT_TRUE(
        fails_saying([&] { load_for_ranks(&ranks, DataFrom::first_rank, [&] { return split; }); },
                     {"--data-from rank0", "the image files in memory", "--max-memory"}));
  });
  set_max_memory(before);
}

TEST(DataFromRank0, IsAnOption) {
  EXPECT_EQ(parse_data_from("each"), DataFrom::each_rank);
  EXPECT_EQ(parse_data_from("rank0"), DataFrom::first_rank);
  EXPECT_TRUE(fails_saying([] { parse_data_from("1"); }, {"--data-from 1", "each or rank0"}));
}

}  // namespace
}  // namespace excite
