// What ranks check and send before they train together. The ranks are threads.
#include <gtest/gtest.h>

#include "tests/support/errors.h"
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
                        {noisy_images(20), noisy_images(3)});
  });
}

TEST(EqualRanks, NameTheFirstOneThatHasOtherOptions) {
  on_ranks(3, [](Ranks& ranks) {
    EXPECT_TRUE(fails_saying(
        [&] {
          require_equal_ranks(ranks, config_of(ranks.rank() == 1 ? 7 : 0), {noisy_images(20), {}});
        },
        {"rank 1 has another configuration than rank 0", "\"seed\": 7", "\"seed\": 0"}));
  });
}

TEST(EqualRanks, NameTheFirstOneThatHasOtherImages) {
  on_ranks(3, [](Ranks& ranks) {
    EXPECT_TRUE(fails_saying(
        [&] {
          require_equal_ranks(ranks, config_of(0), {noisy_images(20, 10, ranks.rank() / 2), {}});
        },
        {"rank 2 has another set of images than rank 0", "20 images with the checksum"}));
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

TEST(DataFromRank0, RefusesImagesInFiles) {
  on_ranks(2, [](Ranks& ranks) {
    DataSplit data;
    data.train.files = {"a.png"};
    EXPECT_TRUE(
        fails_saying([&] { load_for_ranks(&ranks, DataFrom::first_rank, [&] { return data; }); },
                     {"--data-from rank0", "are in files", "copy their folder"}));
  });
}

TEST(DataFromRank0, IsAnOption) {
  EXPECT_EQ(parse_data_from("each"), DataFrom::each_rank);
  EXPECT_EQ(parse_data_from("rank0"), DataFrom::first_rank);
  EXPECT_TRUE(fails_saying([] { parse_data_from("1"); }, {"--data-from 1", "each or rank0"}));
}

}  // namespace
}  // namespace excite
