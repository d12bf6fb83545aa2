#include "tools/data/tensor_batches.h"

#include <algorithm>
#include <set>
#include <utility>

#include "autograd/ops.h"
#include "core/random.h"
#include "layers/linear.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// Row i is {i, i + 0.5}, and its label is i.
Tensor rows(long count) {
  Tensor x({count, 2});
  for (long i = 0; i < 2 * count; i++) x[i] = static_cast<real>(i) / 2;
  return x;
}
std::vector<int> numbers(long count) {
  std::vector<int> all(count);
  for (std::size_t i = 0; i < all.size(); i++) all[i] = static_cast<int>(i);
  return all;
}

std::vector<int> labels_of(const BatchRange<TensorBatches<std::vector<int>>::Batch>& range) {
  std::vector<int> all;
  for (const auto& [x, labels] : range) all.insert(all.end(), labels.begin(), labels.end());
  return all;
}

TEST(TensorBatches, HaveEachSampleOnceWithItsLabel) {
  const TensorBatches batches(rows(10), numbers(10), {.batch = 4});
  EXPECT_EQ(batches.batches_per_epoch(), 3);
  std::vector<long> sizes;
  std::multiset<int> seen;
  for (const auto& [x, labels] : batches.epoch(3)) {
    sizes.push_back(x.shape()[0]);
    ASSERT_EQ(x.shape(), Shape({std::ssize(labels), 2}));
    EXPECT_FALSE(x.requires_grad());
    for (std::size_t i = 0; i < labels.size(); i++) {
      EXPECT_EQ(x->value[2 * static_cast<long>(i)], static_cast<real>(labels[i]));
      EXPECT_EQ(x->value[2 * static_cast<long>(i) + 1], static_cast<real>(labels[i]) + real(0.5));
      seen.insert(labels[i]);
    }
  }
  EXPECT_EQ(sizes, (std::vector<long>{4, 4, 2}));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), 10u);
}

TEST(TensorBatches, AreShuffledBySeedAndEpochAlone) {
  const auto order = [](long seed, long epoch, long batch) {
    const TensorBatches batches(rows(50), numbers(50), {.batch = batch, .seed = seed});
    return labels_of(batches.epoch(epoch));
  };
  EXPECT_NE(order(0, 3, 8), numbers(50));
  EXPECT_EQ(order(0, 3, 8), order(0, 3, 8));
  EXPECT_EQ(order(0, 3, 8), order(0, 3, 50)) << "the order is not that of a batch size";
  EXPECT_NE(order(0, 3, 8), order(0, 4, 8));
  EXPECT_NE(order(0, 3, 8), order(1, 3, 8));
}

// A loop may go over the same epoch twice.
TEST(TensorBatches, OfAnEpochCanBeReadTwice) {
  const TensorBatches batches(rows(9), numbers(9), {.batch = 4});
  const auto epoch = batches.epoch(1);
  EXPECT_EQ(labels_of(epoch), labels_of(epoch));
  EXPECT_EQ(epoch.size(), 3);
}

TEST(TensorBatches, InOrderAreAllSamples) {
  const TensorBatches batches(rows(10), numbers(10), {.batch = 4, .drop_last = true});
  EXPECT_EQ(labels_of(batches.in_order()), numbers(10));
}

TEST(TensorBatches, WithDropLastAreAllOfOneSize) {
  const TensorBatches batches(rows(10), numbers(10), {.batch = 4, .drop_last = true});
  EXPECT_EQ(batches.batches_per_epoch(), 2);
  EXPECT_EQ(labels_of(batches.epoch(0)).size(), 8u);
}

TEST(TensorBatches, MayHaveTargetTensorsAndSamplesOfAnyRank) {
  Tensor images({6, 2, 3, 1});
  for (long i = 0; i < images.size(); i++) images[i] = static_cast<real>(i);
  const TensorBatches batches(std::move(images), rows(6), {.batch = 4});
  long samples = 0;
  for (const auto& [x, y] : batches.epoch(0)) {
    const long n = x.shape()[0];
    ASSERT_EQ(x.shape(), Shape({n, 2, 3, 1}));
    ASSERT_EQ(y.shape(), Shape({n, 2}));
    for (long i = 0; i < n; i++)
      for (long k = 0; k < 6; k++)
        EXPECT_EQ(x->value[6 * i + k], 6 * y->value[2 * i] + static_cast<real>(k));
    samples += n;
  }
  EXPECT_EQ(samples, 6);
}

TEST(TensorBatches, RefuseWhatDoesNotFitTogether) {
  EXPECT_TRUE(fails_saying([] { TensorBatches(rows(10), numbers(9)); },
                           {"x [10, 2] has 10 samples, but there are 9 labels"}));
  EXPECT_TRUE(fails_saying([] { TensorBatches(rows(10), rows(11)); },
                           {"x [10, 2] has 10 samples, but the targets are [11, 2]"}));
  EXPECT_TRUE(fails_saying([] { TensorBatches(rows(10), zeros({})); }, {"the targets are []"}));
  EXPECT_TRUE(fails_saying([] { TensorBatches(zeros({}), numbers(1)); }, {"x []"}));
  EXPECT_TRUE(fails_saying([] { TensorBatches(rows(0), numbers(0)); }, {"no samples"}));
  EXPECT_TRUE(fails_saying([] { TensorBatches(rows(3), numbers(3), {.batch = 0}); },
                           {"the batch size is 0"}));
  EXPECT_TRUE(
      fails_saying([] { TensorBatches(rows(3), numbers(3), {.batch = 4, .drop_last = true}); },
                   {"3 samples are less than one batch of 4"}));
}

template <class Batches>
concept HasEpoch = requires(Batches batches) {
  std::forward<Batches>(batches).epoch(0);
};
template <class Batches>
concept HasInOrder = requires(Batches batches) {
  std::forward<Batches>(batches).in_order();
};

// In a range-based for, a temporary that is not the range itself ends before the first batch.
TEST(TensorBatches, AreNoTemporaryWhereTheirEpochIsTaken) {
  using Batches = TensorBatches<std::vector<int>>;
  static_assert(HasEpoch<const Batches&> && HasInOrder<const Batches&>);
  static_assert(!HasEpoch<Batches> && !HasInOrder<Batches>);
}

// The loop of tools/data/README.md.
TEST(TensorBatches, TrainANetworkAsInTheChapter) {
  struct Net : Module {
    Linear fc;
    explicit Net(Rng& rng) : fc(own("fc", Linear(2, 3, rng))) {}
    Var operator()(const Var& x, Mode) const { return fc(x); }
  };
  Rng rng(0);
  const Net net(rng);
  Tensor x = normal({100, 2}, rng);
  std::vector<int> labels(100, 1);
  const TensorBatches batches(std::move(x), std::move(labels), {.batch = 64, .seed = 0});
  for (const auto& [images, label] : batches.epoch(3))
    backward(cross_entropy(net(images, Mode::train), label));
  EXPECT_FALSE(net.fc.w->grad.empty());
}

TEST(TakeRows, CopiesTheRowsInTheOrderOfTheIndices) {
  EXPECT_TRUE(same_bits(take_rows(Tensor({3, 2}, {1, 2, 3, 4, 5, 6}), {2, 0, 2}),
                        Tensor({3, 2}, {5, 6, 1, 2, 5, 6})));
  EXPECT_TRUE(fails_saying(
      [] {
        take_rows(rows(3), {0, 3});
      },
      {"take_rows: index 3 of a tensor [3, 2], expected 0 to 2"}));
  EXPECT_TRUE(fails_saying([] { take_rows(rows(3), {-1}); }, {"index -1"}));
}

}  // namespace
}  // namespace excite
