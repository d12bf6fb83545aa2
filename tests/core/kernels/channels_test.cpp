#include "core/kernels/channels.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

TEST(ScaleChannels, MatchesItsFormula) {
  Rng rng(0);
  const Tensor u = uniform({3, 4, 5, 6}, rng, -1), s = uniform({3, 6}, rng, -1),
               dy = uniform({3, 4, 5, 6}, rng, -1);
  std::vector<double> y, ds(18);
  for (long n = 0, i = 0; n < 3; n++)
    for (long pixel = 0; pixel < 20; pixel++)
      for (long c = 0; c < 6; c++, i++) {
        y.push_back(static_cast<double>(s[n * 6 + c]) * static_cast<double>(u[i]));
        ds[n * 6 + c] += static_cast<double>(dy[i]) * static_cast<double>(u[i]);
      }
  EXPECT_TRUE(close(scale_channels(u, s), tensor_of(u.shape(), y), tolerance));
  EXPECT_TRUE(close(scale_channels_ds(dy, u), tensor_of(s.shape(), ds), tolerance));
}

TEST(ScaleChannels, TakesOneFactorPerChannelForAllRows) {
  Rng rng(0);
  for (const Shape& shape : {Shape{5, 6}, Shape{2, 7, 6}, Shape{3, 4, 5, 6}, Shape{0, 6}}) {
    const Tensor u = uniform(shape, rng, -1), s = uniform({6}, rng, -1), dy = uniform(shape, rng);
    std::vector<double> y, ds(shape[0] * 6);
    for (long i = 0; i < u.size(); i++) {
      y.push_back(static_cast<double>(s[i % 6]) * static_cast<double>(u[i]));
      const long image = i / (u.size() / shape[0]);
      ds[image * 6 + i % 6] += static_cast<double>(dy[i]) * static_cast<double>(u[i]);
    }
    EXPECT_TRUE(close(scale_channels(u, s), tensor_of(shape, y), tolerance)) << shape;
    EXPECT_TRUE(close(scale_channels_ds(dy, u), tensor_of({shape[0], 6}, ds), tolerance)) << shape;
  }
}

TEST(ScaleChannels, ErrorsNameTheShapes) {
  EXPECT_TRUE(fails_saying(
      [] {
        scale_channels(zeros({2, 3, 3, 4}), zeros({2, 3}));
      },
      {"scale_channels", "[2, 3, 3, 4]", "[2, 3]"}));
  EXPECT_TRUE(fails_saying(
      [] {
        scale_channels(zeros({2, 3, 3, 4}), zeros({1, 4}));
      },
      {"[1, 4]", "[N, C]"}));
  EXPECT_TRUE(fails_saying(
      [] {
        scale_channels(zeros({2, 4}), zeros({2, 4}));
      },
      {"[2, 4]", "[N, H, W, C]"}));
  EXPECT_TRUE(fails_saying(
      [] {
        scale_channels(zeros({2, 4}), zeros({2}));
      },
      {"[2, 4]", "[2]", "[..., C] and [C]"}));
  EXPECT_TRUE(fails_saying([] { scale_channels(zeros({4}), zeros({4})); }, {"u has shape [4]"}));
}

TEST(ConcatRows, JoinsRowsAndSliceRowsSplitsThem) {
  const Tensor a({2, 1, 1, 2}, {1, 2, 3, 4}), b({2, 1, 1, 1}, {5, 6}),
      c({2, 1, 1, 3}, {7, 8, 9, 10, 11, 12});
  const Tensor y = concat_rows({&a, &b, &c});
  EXPECT_TRUE(same_bits(y, Tensor({2, 1, 1, 6}, {1, 2, 5, 7, 8, 9, 3, 4, 6, 10, 11, 12})));
  EXPECT_TRUE(same_bits(slice_rows(y, 0, 2), a));
  EXPECT_TRUE(same_bits(slice_rows(y, 2, 1), b));
  EXPECT_TRUE(same_bits(slice_rows(y, 3, 3), c));
}

TEST(SliceRows, IsUndoneByPadRowsWithZeros) {
  const Tensor x({2, 1, 1, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(
      same_bits(pad_rows(slice_rows(x, 1, 1), 1, 3), Tensor({2, 1, 1, 3}, {0, 2, 0, 0, 5, 0})));
  EXPECT_TRUE(same_bits(pad_rows(x, 0, 3), x));
}

TEST(SliceRows, ErrorsNameTheChannels) {
  const Tensor x({2, 3, 4, 5}), number{Shape{}};
  const auto expect_error = [&](long first, long count) {
    EXPECT_TRUE(fails_saying([&] { slice_rows(x, first, count); },
                             {"slice_channels: input [2, 3, 4, 5] has 5 channels",
                              text("asked for were ", count, " from channel ", first)}));
  };
  for (const long first : {-1, 4, 6}) expect_error(first, 2);
  for (const long count : {0, 6}) expect_error(0, count);
  EXPECT_TRUE(fails_saying([&] { slice_rows(number, 0, 1); }, {"slice_channels", "[]"}));
}

TEST(ConcatRows, WorksOnSeveralShards) {
  Rng rng(1);
  const Tensor a = uniform({900, 3}, rng), b = uniform({900, 2}, rng);
  const Tensor y = concat_rows({&a, &b});
  EXPECT_TRUE(same_bits(slice_rows(y, 0, 3), a));
  EXPECT_TRUE(same_bits(slice_rows(y, 3, 2), b));
}

TEST(ConcatRows, ErrorsNameTheShapes) {
  const Tensor a({2, 3, 4, 1}), b({2, 3, 5, 1}), c({3, 1}), number{Shape{}};
  EXPECT_TRUE(fails_saying(
      [&] {
        concat_rows({&a, &b});
      },
      {"concat_channels", "[2, 3, 4, 1]", "[2, 3, 5, 1]"}));
  EXPECT_TRUE(fails_saying([&] { concat_rows({&a, &c}); }, {"[2, 3, 4, 1]", "[3, 1]"}));
  EXPECT_TRUE(fails_saying([&] { concat_rows({&number}); }, {"concat_channels", "[]"}));
  EXPECT_TRUE(fails_saying([&] { concat_rows({}); }, {"concat_channels", "no tensors"}));
}

TEST(ShuffleRows, TransposesGroupsAndChannels) {
  const Tensor x({2, 6}, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15});
  EXPECT_TRUE(
      same_bits(shuffle_rows(x, 2), Tensor({2, 6}, {0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15})));
  EXPECT_TRUE(same_bits(shuffle_rows(shuffle_rows(x, 2), 3), x));
  EXPECT_TRUE(same_bits(shuffle_rows(x, 1), x));
}

TEST(ShuffleRows, ErrorsNameTheShapes) {
  EXPECT_TRUE(fails_saying(
      [] {
        shuffle_rows(zeros({2, 6}), 4);
      },
      {"channel_shuffle", "4 groups", "6 channels", "[2, 6]"}));
  EXPECT_TRUE(fails_saying([] { shuffle_rows(zeros({2, 6}), 0); }, {"0 groups"}));
}

}  // namespace
}  // namespace excite
