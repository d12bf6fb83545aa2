// Sums of gradients that ranks collect, and exchange while others are computed.
#include "core/shard_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "core/kernels/conv2d.h"
#include "core/kernels/embedding.h"
#include "core/kernels/matmul.h"
#include "core/random.h"
#include "core/shared_batch.h"
#include "tests/support/compare.h"
#include "tests/support/thread_ranks.h"

namespace excite {
namespace {

// Gradients of weights, and how many calls the ranks make for them.
struct Gradients {
  std::vector<Tensor> all;
  long calls;
};
Gradients gradients_of(Ranks& ranks, const Tensor& x, const Tensor& dy, bool collected) {
  const SharedBatch batch(ranks, x.dim(0));
  const Tensor a = images_of(x, batch.first_image(), batch.last_image()),
               b = images_of(dy, batch.first_image(), batch.last_image());
  const long before = ranks.traffic().calls;
  std::optional<CollectedSums> sums;
  if (collected) sums.emplace();
  Gradients g;
  for (const Conv2dAlgorithm algorithm :
       {Conv2dAlgorithm::winograd, Conv2dAlgorithm::direct, Conv2dAlgorithm::blas})
    g.all.push_back(conv2d_dw(a, b, {3, 3, 16, 24}, {.pad = 1, .algorithm = algorithm}));
  const std::vector<int> rows(b.dim(0), 1);
  g.all.push_back(scatter_add_rows(b.clone().reshaped({b.dim(0), 6 * 6 * 24}), rows, 6));
  g.all.push_back(matmul_transposed_a(a.clone().reshaped({a.dim(0), 6 * 6 * 16}),
                                      b.clone().reshaped({b.dim(0), 6 * 6 * 24})));
  if (sums) sums->exchange();
  g.calls = ranks.traffic().calls - before;
  return g;
}

// The last one has more than a megabyte, so all are exchanged together without being asked.
TEST(CollectedSums, HaveTheSameBitsInTwoCalls) {
  Rng rng(6);
  for (const long n : {19l, 32l}) {
    const Tensor x = normal({n, 6, 6, 16}, rng), dy = normal({n, 6, 6, 24}, rng);
    for (const long count : {2l, 3l, 5l})
      on_ranks(count, [&](Ranks& ranks) {
        const Gradients alone = gradients_of(ranks, x, dy, false),
                        together = gradients_of(ranks, x, dy, true);
        for (std::size_t i = 0; i < alone.all.size(); i++)
          EXPECT_TRUE(same_bits(alone.all[i], together.all[i])) << count << " ranks, " << i;
        EXPECT_GE(alone.calls, 8);  // a small one needs a single call
        EXPECT_EQ(together.calls, 2);
      });
  }
}

TEST(CollectedSums, AreExchangedWhenOneIsNeeded) {
  Rng rng(7);
  const Tensor x = normal({16, 5}, rng), y = normal({16, 3}, rng),
               expected = matmul_transposed_a(x, y);
  on_ranks(2, [&](Ranks& ranks) {
    const SharedBatch batch(ranks, 16);
    CollectedSums sums;
    const Tensor dw = matmul_transposed_a(images_of(x, batch.first_image(), batch.last_image()),
                                          images_of(y, batch.first_image(), batch.last_image()));
    sums.exchange_if_waiting(x.data());
    EXPECT_EQ(ranks.traffic().calls, 0);
    sums.exchange_if_waiting(dw.data());
    EXPECT_EQ(ranks.traffic().calls, 2);
    EXPECT_TRUE(same_bits(dw, expected));
  });
}

// Each sum is a megabyte, so it is sent at once. With the next one, the slices that have arrived
// are added, and with the one after it, the results are written.
TEST(CollectedSums, GoOnWhileOthersAreComputed) {
  on_ranks(2, [&](Ranks& ranks) {
    const SharedBatch batch(ranks, 4);
    CollectedSums sums;
    constexpr long size = 1 << 18;
    std::vector<float> totals[4], own(size, static_cast<float>(1 + ranks.rank()));
    std::vector<long> finished;
    for (long i = 0; i < 4; i++) {
      totals[i].resize(size);
      // Four shards: each rank's sums are those of a subtree of two.
      sum_over_shards_later(4, {own.data()}, size, totals[i].data(), nullptr,
                            [&, i] { finished.push_back(i); });
      EXPECT_EQ(std::ssize(finished), std::max(0l, i - 1)) << i;
      EXPECT_EQ(ranks.traffic().calls, i == 0 ? 1 : 2 * i + 1);
    }
    sums.exchange();
    EXPECT_EQ(finished, (std::vector<long>{0, 1, 2, 3}));
    for (const std::vector<float>& total : totals)
      EXPECT_TRUE(std::all_of(total.begin(), total.end(), [](float t) { return t == 3; }));
  });
}

}  // namespace
}  // namespace excite
