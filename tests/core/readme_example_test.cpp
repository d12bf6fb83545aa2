// The numbers of core/README.md: why the order of a sum matters, and how shards fix the order.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "core/tensor.h"
#include "core/tree_sum.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

float sum_in_order(const std::vector<float>& numbers, long begin, long end) {
  float total = 0;
  for (long i = begin; i < end; i++) total += numbers[i];
  return total;
}

float sum_by_workers(const std::vector<float>& numbers, long workers) {
  const long size = static_cast<long>(numbers.size());
  std::vector<float> parts;
  for (long w = 0; w < workers; w++)
    parts.push_back(sum_in_order(numbers, size * w / workers, size * (w + 1) / workers));
  return sum_in_order(parts, 0, workers);
}

float sum_by_shards(const std::vector<float>& numbers) {
  const Shards shards(8);  // a batch of 8: 8 shards, on any machine
  return tree_sum(shards.own(), [&](long shard) {
    return sum_in_order(numbers, shards.begin(shard), shards.end(shard));
  });
}

const std::vector<float> numbers{16'777'216, 1, 1, 1, 1, 1, 1, 1};

TEST(CoreReadme, ASumOfFloatsDependsOnItsOrder) {
  EXPECT_EQ(sum_by_workers(numbers, 1), 16'777'216.0f);
  EXPECT_EQ(sum_by_workers(numbers, 2), 16'777'220.0f);
  EXPECT_EQ(sum_by_workers(numbers, 4), 16'777'222.0f);
  EXPECT_EQ(static_cast<float>(16'777'223), 16'777'224.0f);
}

TEST(CoreReadme, ShardsAreAddedInTheSameTreeOnAnyNumberOfThreads) {
  const int threads_before = threads();
  for (const int count : {1, 2, 3, 7, 16}) {
    set_threads(count);
    EXPECT_EQ(sum_by_shards(numbers), 16'777'222.0f) << count << " threads";
  }
  set_threads(threads_before);
}

TEST(CoreReadme, ATensorIsMovedOrClonedButNeverShared) {
  Tensor a({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor b = a.clone();
  Tensor c = std::move(a);
  const Tensor d = std::move(c).reshaped({3, 2});
  b[0] = 9;
  EXPECT_EQ(d[0], 1);
  EXPECT_TRUE(a.empty() && c.empty());
  EXPECT_EQ(d[1 * 2 + 1], 4);
}

}  // namespace
}  // namespace excite
