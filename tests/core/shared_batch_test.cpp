// Ranks that share a batch: the same bits as one process, for every sum over the images.
#include "core/shared_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "core/batch_random.h"
#include "core/kernels/batch_norm.h"
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fused.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/embedding.h"
#include "core/kernels/fused.h"
#include "core/kernels/layer_norm.h"
#include "core/kernels/matmul.h"
#include "tests/support/compare.h"
#include "tests/support/errors.h"
#include "tests/support/thread_ranks.h"

namespace excite {
namespace {

// ---- who has what ----

TEST(BatchSlices, CoverTheShardsInNearlyEqualRanges) {
  for (const long images : {1l, 7l, 16l, 33l, 100l, 128l, 1000l, 5000l})
    for (long ranks = 1; ranks <= Shards::count_of(images); ranks++) {
      const BatchSlices slices(images, ranks);
      EXPECT_EQ(slices.first_shard(0), 0);
      EXPECT_EQ(slices.first_shard(ranks), slices.shards);
      EXPECT_EQ(slices.first_image(ranks), images);
      for (long rank = 0; rank < ranks; rank++) {
        const long own = slices.first_shard(rank + 1) - slices.first_shard(rank);
        EXPECT_GE(own, 1) << images << " images on " << ranks << " ranks";
        EXPECT_LE(own * ranks * 8, slices.shards * 9 + 8 * ranks);  // an eighth more, rounded up
      }
    }
}

TEST(BatchSlices, AreWholeSubtreesOnAPowerOfTwoOfRanks) {
  for (const long ranks : {1l, 2l, 4l, 8l, 16l, 64l}) {
    const BatchSlices slices(128, ranks);
    for (long rank = 0; rank < ranks; rank++)
      EXPECT_EQ(
          subtrees({slices.shards, slices.first_shard(rank), slices.first_shard(rank + 1)}).size(),
          1);
  }
}

TEST(SharedBatch, NeedsAShardForEachRank) {
  on_ranks(5, [](Ranks& ranks) {
    EXPECT_TRUE(fails_saying([&] { SharedBatch(ranks, 4); }, {"4 shards", "5 ranks"}));
  });
}

TEST(SharedBatch, RefusesSumsOverSomethingElseThanItsImages) {
  on_ranks(2, [](Ranks& ranks) {
    const SharedBatch batch(ranks, 8);
    EXPECT_TRUE(fails_saying([] { sum_rows(zeros({5, 3})); }, {"5 rows", "of 8", "expected 4"}));
  });
}

// ---- the collectives ----

TEST(Ranks, GatherValuesAndTextsInTheOrderOfTheRanks) {
  on_ranks(3, [](Ranks& ranks) {
    const long r = ranks.rank();
    EXPECT_EQ(all_gather(ranks, 10 * r), (std::vector<long>{0, 10, 20}));
    EXPECT_EQ(all_gather(ranks, std::vector<int>(r, static_cast<int>(r))),
              (std::vector<int>{1, 2, 2}));
    EXPECT_EQ(all_gather(ranks, std::string(r, 'a')), (std::vector<std::string>{"", "a", "aa"}));
    EXPECT_EQ(all_reduce_sum(ranks, r + 1), 6);
  });
}

TEST(Ranks, CountWhatTheySend) {
  on_ranks(2, [](Ranks& ranks) {
    std::vector<Message> messages;
    ranks.record(&messages);
    all_gather(ranks, 1.0);
    const std::vector<char> mine(300);
    std::vector<char> all(300);
    ranks.start_all_to_all(mine.data(), {150, 150}, all.data(), {150, 150})->wait();
    ranks.start_all_gather(mine.data(), all.data(), {100, 200})->wait();
    ranks.record(nullptr);
    const long result = ranks.rank() == 0 ? 100 : 200;
    EXPECT_EQ(ranks.traffic().calls, 3);
    EXPECT_EQ(ranks.traffic().bytes, 8 + 150 + result);
    using Kind = Message::Kind;
    const std::vector<std::pair<Kind, long>> expected{
        {Kind::values, 8}, {Kind::slices, 150}, {Kind::results, result}};
    ASSERT_EQ(messages.size(), 3);
    for (std::size_t i = 0; i < 3; i++)
      EXPECT_TRUE(messages[i].kind == expected[i].first && messages[i].bytes == expected[i].second);
    EXPECT_THAT(describe({4, 3'000'000, 0.02}, 2),
                testing::StartsWith("2 calls, 1.50 MB sent, 10"));
  });
}

// ---- the example of tools/mpi/README.md ----

const std::vector<float> four_shards{16'777'216, 1, 1, 1};

// Each rank adds its shards, and then their sums are added, both from left to right.
float left_to_right(long ranks) {
  float total = 0;
  for (long rank = 0; rank < ranks; rank++) {
    float own = 0;
    for (long s = 4 * rank / ranks; s < 4 * (rank + 1) / ranks; s++) own += four_shards[s];
    total += own;
  }
  return total;
}

TEST(MpiReadme, SumsFromLeftToRightDependOnTheNumberOfRanks) {
  EXPECT_EQ(left_to_right(1), 16'777'216);
  EXPECT_EQ(left_to_right(2), 16'777'218);
  EXPECT_EQ(left_to_right(3), 16'777'218);
  EXPECT_EQ(left_to_right(4), 16'777'216);
}

TEST(MpiReadme, SumsInTheTreeDoNot) {
  const std::vector<std::vector<float>> sums_of_ranks[] = {
      {{16'777'218}}, {{16'777'216}, {2}}, {{16'777'216}, {1}, {2}}};
  for (long count = 1; count <= 3; count++)
    on_ranks(count, [&](Ranks& ranks) {
      const SharedBatch batch(ranks, 4);
      const std::vector<Subtree> own =
          subtrees(Shards(batch.last_image() - batch.first_image()).own());
      std::vector<float> sums;
      std::vector<const float*> addresses;
      for (const Subtree& tree : own)
        sums.push_back(subtree_sum(tree.first, tree.last, [](long s) { return four_shards[s]; }));
      for (const float& sum : sums) addresses.push_back(&sum);
      EXPECT_EQ(sums, sums_of_ranks[count - 1][ranks.rank()]);
      float total = 0;
      sum_over_shards(4, addresses, 1, &total);
      EXPECT_EQ(total, 16'777'218);
    });
}

// ---- sums over the images ----

// Compares f(own images of x, own images of y) on ranks with f(x, y) in one process.
using OfImages = std::function<Tensor(const Tensor& x, const Tensor& y)>;
void expect_same_bits_on_ranks(const std::string& what, const Tensor& x, const Tensor& y,
                               const OfImages& f, bool per_image = false) {
  const long images = x.dim(0);
  const Tensor expected = f(x, y);
  for (const long count : {2l, 3l, 5l, 8l, 13l}) {
    if (count > Shards::count_of(images)) continue;
    on_ranks(count, [&](Ranks& ranks) {
      const SharedBatch batch(ranks, images);
      const long begin = batch.first_image(), end = batch.last_image();
      const Tensor actual = f(images_of(x, begin, end), images_of(y, begin, end));
      const Tensor own = per_image ? images_of(expected, begin, end) : expected.clone();
      EXPECT_TRUE(same_bits(actual, own))
          << what << " of " << images << " images on rank " << ranks.rank() << " of " << count;
    });
  }
}

const std::vector<long> batches{8, 16, 19, 32, 45, 128};

TEST(SharedBatch, SumsOfRowsHaveTheBitsOfOneProcess) {
  Rng rng(1);
  for (const long n : batches) {
    const Tensor x = normal({n, 6, 5, 7}, rng), y = normal(x.shape(), rng),
                 row = normal({n, 40}, rng), row_y = normal({n, 33}, rng);
    const auto expect = [&](const std::string& what, const OfImages& f) {
      expect_same_bits_on_ranks(what, x, y, f);
    };
    expect("sum",
           [](const Tensor& a, const Tensor&) { return full({}, static_cast<real>(sum(a))); });
    expect("dot",
           [](const Tensor& a, const Tensor& b) { return full({}, static_cast<real>(dot(a, b))); });
    expect("sum_rows", [](const Tensor& a, const Tensor&) { return sum_rows(a); });
    const Tensor mean = normal({7}, rng);
    expect("channel_sums",
           [&](const Tensor& a, const Tensor& b) { return channel_sums(a, b, mean).dy_x; });
    expect("channel_moments, mean",
           [](const Tensor& a, const Tensor&) { return std::move(channel_moments(a).mean); });
    expect("channel_moments, var",
           [](const Tensor& a, const Tensor&) { return std::move(channel_moments(a).var); });
    expect("image_moments",
           [](const Tensor& a, const Tensor&) { return std::move(image_moments(a).all.var); });
    expect("sum_over_images", [](const Tensor& a, const Tensor& b) {
      const Tensor zero = zeros({7}), one = full({7}, 1);
      return std::move(sum_over_images(affine_relu_sums(a, b, zero, one, zero)).dy_x);
    });
    expect("layer_norm_dgamma", [](const Tensor& a, const Tensor& b) {
      return layer_norm_dgamma(a, b, row_moments(b, 1e-5));
    });
    expect_same_bits_on_ranks("matmul_transposed_a", row, row_y, matmul_transposed_a);
  }
}

TEST(SharedBatch, GradientsOfWeightsHaveTheBitsOfOneProcess) {
  Rng rng(2);
  struct Case {
    std::string name;
    long side, c, k, kernel, groups;
    Conv2dAlgorithm algorithm;
  };
  using enum Conv2dAlgorithm;
  for (const Case& q :
       {Case{"winograd", 8, 16, 16, 3, 1, winograd},
        Case{"large winograd", 5, 64, 64, 3, 1, winograd}, Case{"direct", 6, 20, 24, 3, 1, direct},
        Case{"direct 1x1", 3, 70, 40, 1, 1, direct}, Case{"grouped", 5, 16, 16, 3, 4, direct},
        Case{"blas", 5, 12, 10, 3, 1, blas}, Case{"reference", 3, 4, 5, 3, 1, reference}})
    for (const long n : batches) {
      const Conv2dOptions options{
          .pad = q.kernel / 2, .groups = q.groups, .algorithm = q.algorithm};
      const Tensor x = normal({n, q.side, q.side, q.c}, rng),
                   dy = normal({n, q.side, q.side, q.k}, rng);
      expect_same_bits_on_ranks(q.name, x, dy, [&](const Tensor& a, const Tensor& b) {
        return conv2d_dw(a, b, {q.kernel, q.kernel, q.c / q.groups, q.k}, options);
      });
    }
}

TEST(SharedBatch, MomentsOfAConvolutionHaveTheBitsOfOneProcess) {
  Rng rng(3);
  for (const long n : batches)
    for (const long side : {3l, 9l}) {
      const Tensor x = normal({n, side, side, 16}, rng), w = normal({3, 3, 16, 24}, rng);
      expect_same_bits_on_ranks("mean", x, x, [&](const Tensor& a, const Tensor&) {
        return std::move(conv2d_moments(a, w, {.pad = 1}).moments.all.mean);
      });
      expect_same_bits_on_ranks("var", x, x, [&](const Tensor& a, const Tensor&) {
        return std::move(conv2d_moments(a, w, {.pad = 1}).moments.all.var);
      });
    }
}

TEST(SharedBatch, EmbeddingsHaveTheBitsOfOneProcess) {
  Rng rng(4);
  for (const long n : batches) {
    const Tensor dy = normal({n, 5}, rng);
    Tensor indices({n, 1});
    for (real& i : indices) i = static_cast<real>(rng.below(9));
    expect_same_bits_on_ranks("scatter_add_rows", dy, indices,
                              [](const Tensor& a, const Tensor& b) {
                                std::vector<int> rows;
                                for (const real i : b) rows.push_back(static_cast<int>(i));
                                return scatter_add_rows(a, rows, 9);
                              });
  }
}

// ---- numbers of one image ----

// BLAS adds the products of a row in an order that depends on the number of rows.
TEST(SharedBatch, ProductsOfRowsHaveTheBitsOfOneProcess) {
  Rng rng(5);
  for (const long n : batches)
    for (const auto& [in, out] : {std::pair{16l, 4l}, {64l, 16l}, {300l, 70l}, {1024l, 64l}}) {
      const Tensor x = normal({n, in}, rng), w = normal({in, out}, rng),
                   w_transposed = normal({out, in}, rng);
      expect_same_bits_on_ranks(
          "matmul", x, x, [&](const Tensor& a, const Tensor&) { return matmul(a, w); }, true);
      expect_same_bits_on_ranks(
          "matmul_transposed_b", x, x,
          [&](const Tensor& a, const Tensor&) { return matmul_transposed_b(a, w_transposed); },
          true);
    }
}

TEST(SharedBatch, RandomNumbersFollowFromThePlaceInTheBatch) {
  for (const long n : batches) {
    const Tensor x = zeros({n, 3, 2});
    expect_same_bits_on_ranks(
        "uniform_of_batch", x, x,
        [](const Tensor& a, const Tensor&) {
          Rng rng(7);
          uniform_of_batch(a.shape(), rng);  // the second draw begins after the whole first one
          return uniform_of_batch(a.shape(), rng);
        },
        true);
  }
}

// ---- ranks that sum their own images ----

TEST(SharedBatch, OwnImagesAreSummedAsInAProcessOfTheirOwn) {
  Rng rng(7);
  const Tensor x = normal({16, 3, 3, 4}, rng), draws = uniform(x.shape(), rng);
  on_ranks(3, [&](Ranks& ranks) {
    const SharedBatch batch(ranks, 16, SumOver::own_images);
    const long begin = batch.first_image(), own_count = batch.last_image() - begin;
    Tensor own({own_count, 3, 3, 4});
    std::copy_n(x.data() + begin * 36, own.size(), own.data());
    EXPECT_EQ(SharedBatch::current_for_sums(), nullptr);
    EXPECT_EQ(whole_batch(own_count), own_count);
    const Traffic before = ranks.traffic();
    const ChannelMoments here = channel_moments(own);
    EXPECT_EQ((ranks.traffic() - before).calls, 0);
    std::thread alone([&] {  // a thread that knows of no shared batch
      const ChannelMoments expected = channel_moments(own);
      EXPECT_TRUE(same_bits(here.mean, expected.mean) && same_bits(here.var, expected.var));
    });
    alone.join();
    // Random numbers follow from the place in the whole batch, so images have different ones.
    Rng again(7);
    normal(x.shape(), again);
    const Tensor own_draws = uniform_of_batch(own.shape(), again);
    EXPECT_EQ(own_draws[0], draws[begin * 36]);
  });
}

}  // namespace
}  // namespace excite
