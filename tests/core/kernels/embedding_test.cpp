#include "core/kernels/embedding.h"

#include <utility>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

std::vector<int> drawn_indices(long count, long rows, Rng& rng) {
  std::vector<int> indices;
  for (long n = 0; n < count; n++) indices.push_back(static_cast<int>(rng.below(rows)));
  return indices;
}

TEST(Embedding, GathersTheRowOfEachIndex) {
  Rng rng(0);
  for (const long width : {1, 3, 50}) {
    const Tensor table = normal({7, width}, rng);
    const std::vector<int> indices = drawn_indices(600, 7, rng);
    const Tensor y = gather_rows(table, indices);
    ASSERT_EQ(y.shape(), (Shape{600, width}));
    for (long n = 0; n < 600; n++)
      for (long d = 0; d < width; d++)
        ASSERT_EQ(y[n * width + d], table[indices[n] * width + d]) << n << " " << d;
  }
}

// In the tree over the shards of n, so the sum has the bits of these loops.
TEST(Embedding, GradientAddsTheRowsOfEachIndexInTheTree) {
  Rng rng(0);
  for (const long width : {1, 3, 50}) {
    const std::vector<int> indices = drawn_indices(600, 7, rng);
    const Tensor dy = normal({600, width}, rng);
    const Shards shards(600);
    std::vector<Tensor> of_shards;
    for (long s = 0; s < shards.count; s++) {
      Tensor& table = of_shards.emplace_back(zeros({9, width}));  // no index is 7 or 8
      for (long n = shards.begin(s); n < shards.end(s); n++)
        for (long d = 0; d < width; d++) table[indices[n] * width + d] += dy[n * width + d];
    }
    const Tensor expected = sum_in_pairs(std::move(of_shards));
    EXPECT_TRUE(same_bits(scatter_add_rows(dy, indices, 9), expected)) << width;
  }
}

TEST(Embedding, OfNoIndicesIsEmpty) {
  EXPECT_EQ(gather_rows(zeros({3, 4}), {}).shape(), (Shape{0, 4}));
  EXPECT_TRUE(same_bits(scatter_add_rows(Tensor({0, 4}), {}, 3), zeros({3, 4})));
}

TEST(Embedding, ErrorsNameTheIndexAndTheTable) {
  EXPECT_TRUE(fails_saying(
      [] {
        gather_rows(zeros({5, 2}), {0, 4, 5});
      },
      {"embedding: index 2 is 5", "[5, 2]", "5 rows", "0 to 4"}));
  EXPECT_TRUE(fails_saying([] { gather_rows(zeros({5, 2}), {-1}); }, {"index 0 is -1", "0 to 4"}));
  EXPECT_TRUE(fails_saying([] { gather_rows(zeros({5}), {0}); }, {"table", "[5]", "[V, D]"}));
}

}  // namespace
}  // namespace excite
