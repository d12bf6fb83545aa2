// Sums over shards against the plain recursive definition. What is added are formulas, so the text
// of the result shows the order of all additions.
#include "core/tree_sum.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "core/check.h"
#include "tests/support/errors.h"

namespace excite {
namespace {

struct Formula {
  std::string text;
};
void add_to(Formula& a, const Formula& b) { a.text = "(" + a.text + " + " + b.text + ")"; }

Formula shard(long i) { return {std::to_string(i)}; }

std::string tree(long first, long last) {
  if (last - first == 1) return std::to_string(first);
  long m = 1;
  while (2 * m < last - first) m *= 2;
  return "(" + tree(first, first + m) + " + " + tree(first + m, last) + ")";
}

class TreeSum : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_threads(GetParam()); }
  void TearDown() override { set_threads(before_); }

 private:
  int before_ = threads();
};
INSTANTIATE_TEST_SUITE_P(Threads, TreeSum, testing::Values(1, 2, 3, 7, 16),
                         testing::PrintToStringParamName());

TEST_P(TreeSum, AddsInTheOrderOfTheDefinition) {
  EXPECT_EQ(tree_sum(7, shard).text, "(((0 + 1) + (2 + 3)) + ((4 + 5) + 6))");
  for (const long count : {1l, 2l, 3l, 5l, 8l, 15l, 16l, 17l, 63l, 64l, 65l, 100l, 513l, 1024l}) {
    EXPECT_EQ(tree_sum(count, shard).text, tree(0, count)) << count;
    EXPECT_EQ(subtree_sum(0, count, shard).text, tree(0, count)) << count;
    std::vector<Formula> sums;
    for (long i = 0; i < count; i++) sums.push_back(shard(i));
    EXPECT_EQ(sum_in_pairs(std::move(sums)).text, tree(0, count)) << count;
  }
}

TEST_P(TreeSum, AddsNumbersAndVectors) {
  EXPECT_EQ(tree_sum(100, [](long i) { return static_cast<double>(i); }), 4950);
  const std::vector<double> sums = tree_sum(100, [](long i) {
    return std::vector<double>{1, static_cast<double>(i)};
  });
  EXPECT_EQ(sums, (std::vector<double>{100, 4950}));
}

TEST_P(TreeSum, ThrowsTheErrorOfALeaf) {
  const auto fail = [] {
    tree_sum(40, [](long i) {
      require(i != 13, "shard ", i);
      return 1.0;
    });
  };
  EXPECT_TRUE(fails_saying(fail, {"shard 13"}));
}

// A sum that knows how many of its kind live.
struct Counted {
  static inline std::atomic<long> live = 0, most = 0;
  bool counts = false;
  Counted() = default;
  explicit Counted(long) : counts(true) {
    const long now = ++live;
    for (long seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
  }
  Counted(Counted&& other) noexcept : counts(std::exchange(other.counts, false)) {}
  Counted& operator=(Counted&& other) noexcept {
    if (counts) live--;
    counts = std::exchange(other.counts, false);
    return *this;
  }
  ~Counted() {
    if (counts) live--;
  }
};
void add_to(Counted&, const Counted&) {}

// A thread has one new sum and one for each level of a subtree. Besides there are the results of
// fewer than 16 subtrees for each thread.
TEST_P(TreeSum, KeepsSumsForThreadsAndLevelsButNotForShards) {
  for (const long count : {64l, 1024l}) {
    Counted::most = 0;
    tree_sum(count, [](long i) { return Counted(i); });
    EXPECT_EQ(Counted::live, 0);
    EXPECT_LE(Counted::most, GetParam() * (16 + 1 + tree_levels(shards_per_subtree(count))));
  }
}

TEST(Shards, AreOneForTwoImagesButAtLeastSixteenAndAtMost1024) {
  const auto count = [](long images) { return Shards(images).count; };
  EXPECT_EQ(count(0), 1);
  EXPECT_EQ(count(1), 1);
  EXPECT_EQ(count(15), 15);
  EXPECT_EQ(count(16), 16);
  EXPECT_EQ(count(31), 16);
  EXPECT_EQ(count(33), 16);
  EXPECT_EQ(count(34), 17);
  EXPECT_EQ(count(128), 64);
  EXPECT_EQ(count(2048), 1024);
  EXPECT_EQ(count(5000), 1024);
}

TEST(Shards, CoverTheBatchInNearlyEqualRanges) {
  for (const long images : {0l, 1l, 3l, 33l, 128l, 4099l}) {
    const Shards shards(images);
    long next = 0;
    for (long s = 0; s < shards.count; s++) {
      EXPECT_EQ(shards.begin(s), next);
      next = shards.end(s);
      EXPECT_GE(next - shards.begin(s), images / shards.count);
      EXPECT_LE(next - shards.begin(s), (images + shards.count - 1) / shards.count);
    }
    EXPECT_EQ(next, images);
  }
}

TEST(RowShards, CutLongShardsIntoAPowerOfTwoOfParts) {
  EXPECT_EQ(RowShards(128, 1024, 64).count(), 64);  // a shard for two images
  EXPECT_EQ(RowShards(1, 1024, 64).count(), 16);    // parts of 64 rows
  EXPECT_EQ(RowShards(1, 100'000, 64).count(), 64);
  EXPECT_EQ(RowShards(3, 100'000, 64).count(), 48);  // 16 parts of three shards
  EXPECT_EQ(RowShards(3, 10, 64).count(), 3);
  EXPECT_EQ(RowShards(0, 10, 64).count(), 1);
}

TEST(RowShards, CoverTheRowsAndEndAtEachImage) {
  const RowShards shards(3, 1100, 64);
  long next = 0;
  for (long s = 0; s < shards.count(); s++) {
    EXPECT_EQ(shards.begin(s), next);
    if (s % 16 == 0) {
      EXPECT_EQ(next, s / 16 * 1100);
    }
    next = shards.end(s);
  }
  EXPECT_EQ(next, 3300);
}

}  // namespace
}  // namespace excite
