#include "core/kernels/pool.h"

#include <limits>

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

// The number of windows along one dimension. These are all positions where the kernel fits into the
// padded size. With ceil there is one more if cells are left over and it starts before the right
// padding.
long windows(long size, long kernel, long stride, long pad, bool ceil) {
  long count = 0;
  while (count * stride + kernel <= size + 2 * pad) count++;
  const bool cells_left = (count - 1) * stride + kernel < size + 2 * pad;
  return count + (ceil && cells_left && count * stride < size + pad);
}

Shape pooled(const Shape& x, const Pool2dOptions& o) {
  return {x[0], windows(x[1], o.kernel.h, o.stride.h, o.pad.h, o.ceil),
          windows(x[2], o.kernel.w, o.stride.w, o.pad.w, o.ceil), x[3]};
}

// Calls cell(at_y, at_x) for each cell of each window. at_x is -1 for a cell in the padding. Cells
// beyond the padding are skipped.
template <class Cell>
void for_each_cell(const Shape& x, const Shape& y, const Pool2dOptions& o, const Cell& cell) {
  for (long n = 0; n < y[0]; n++)
    for (long i = 0; i < y[1]; i++)
      for (long j = 0; j < y[2]; j++)
        for (long r = 0; r < o.kernel.h; r++)
          for (long s = 0; s < o.kernel.w; s++)
            for (long c = 0; c < y[3]; c++) {
              const long row = i * o.stride.h + r - o.pad.h, col = j * o.stride.w + s - o.pad.w;
              if (row >= x[1] + o.pad.h || col >= x[2] + o.pad.w) continue;
              const bool inside = row >= 0 && row < x[1] && col >= 0 && col < x[2];
              cell(((n * y[1] + i) * y[2] + j) * y[3] + c,
                   inside ? ((n * x[1] + row) * x[2] + col) * x[3] + c : -1);
            }
}

std::vector<double> filled(const Shape& shape, double value = 0) {
  return std::vector<double>(shape.size(), value);
}
double& at(std::vector<double>& v, long i) { return v[i]; }

void expect_definition(const Shape& xs, const Pool2dOptions& o, Rng& rng) {
  const Shape ys = pooled(xs, o);
  const std::string what =
      text("input ", xs, ", kernel ", o.kernel, ", stride ", o.stride, ", padding ", o.pad,
           o.ceil ? ", ceil" : "", o.count_padding ? ", padding counted" : "");
  ASSERT_EQ(pool2d_shape(xs, o), ys) << what;
  const Tensor x = uniform(xs, rng, -1), dy = uniform(ys, rng, -1);
  const auto number = [](const Tensor& t, long i) { return static_cast<double>(t[i]); };

  std::vector<double> largest = filled(ys, -2), mean = filled(ys), cells = filled(ys),
                      max_dx = filled(xs), avg_dx = filled(xs);
  for_each_cell(xs, ys, o, [&](long y, long from) {
    if (from >= 0) at(largest, y) = std::max(at(largest, y), number(x, from));
    if (from >= 0 || o.count_padding) at(cells, y) += 1;
  });
  for_each_cell(xs, ys, o, [&](long y, long from) {
    if (from < 0) return;
    at(mean, y) += number(x, from) / at(cells, y);
    at(avg_dx, from) += number(dy, y) / at(cells, y);
    if (number(x, from) == at(largest, y)) at(max_dx, from) += number(dy, y);
  });

  Tensor from;
  EXPECT_TRUE(close(max_pool2d(x, o, from), tensor_of(ys, largest), tolerance)) << what << ": max";
  EXPECT_TRUE(close(max_pool_dx(dy, from, xs), tensor_of(xs, max_dx), tolerance))
      << what << ": dx of max";
  EXPECT_TRUE(close(avg_pool2d(x, o), tensor_of(ys, mean), tolerance)) << what << ": avg";
  EXPECT_TRUE(close(avg_pool2d_dx(dy, xs, o), tensor_of(xs, avg_dx), tolerance))
      << what << ": dx of avg";
}

TEST(Pool2d, MatchesItsDefinitionOnAHundredRandomShapes) {
  Rng rng(0);
  for (int trials = 0; trials < 100;) {
    const auto one_to = [&](long n) { return 1 + rng.below(n); };
    const Size2 kernel{one_to(4), one_to(4)};
    const Pool2dOptions o{.kernel = kernel,
                          .stride = {one_to(4), one_to(4)},
                          .pad = {rng.below(kernel.h / 2 + 1), rng.below(kernel.w / 2 + 1)},
                          .ceil = rng.below(2) == 1,
                          .count_padding = rng.below(2) == 1};
    const Shape x{one_to(3), one_to(8), one_to(8), one_to(5)};
    if (x[1] + 2 * o.pad.h < kernel.h || x[2] + 2 * o.pad.w < kernel.w) continue;
    expect_definition(x, o, rng);
    trials++;
  }
}

TEST(Pool2d, DropsALastWindowThatWouldStartInThePadding) {
  EXPECT_EQ(pool2d_shape({1, 3, 3, 1}, {.kernel = 2, .stride = 2, .pad = 1, .ceil = true}),
            (Shape{1, 2, 2, 1}));
  EXPECT_EQ(pool2d_shape({1, 5, 5, 1}, {.kernel = 2, .stride = 2, .ceil = true}),
            (Shape{1, 3, 3, 1}));
  EXPECT_EQ(pool2d_shape({1, 5, 5, 1}, {.kernel = 2, .stride = 2}), (Shape{1, 2, 2, 1}));
}

TEST(Pool2d, CountsThePaddingOnlyIfAsked) {
  const Tensor x = full({1, 2, 2, 1}, 1);
  EXPECT_TRUE(same_bits(avg_pool2d(x, {.kernel = 2, .stride = 2, .pad = 1}),
                        full({1, 2, 2, 1}, real(0.25))));
  EXPECT_TRUE(same_bits(avg_pool2d(x, {.kernel = 2, .stride = 2, .pad = 1, .count_padding = false}),
                        full({1, 2, 2, 1}, 1)));
}

TEST(MaxPool2d, ChoosesTheFirstOfEqualNumbersAndNeverThePadding) {
  Tensor from;
  const Tensor y = max_pool2d(full({1, 4, 4, 1}, -5), {.kernel = 2, .stride = 2}, from);
  EXPECT_TRUE(same_bits(y, full({1, 2, 2, 1}, -5)));
  EXPECT_TRUE(same_bits(from, Tensor({1, 2, 2, 1}, {0, 2, 8, 10}))) << "the pixels of the image";
  EXPECT_TRUE(
      same_bits(max_pool2d(full({1, 2, 2, 1}, -5), {.kernel = 2, .stride = 2, .pad = 1}, from),
                full({1, 2, 2, 1}, -5)));
}

// A float counts to 2^24; the next whole number would be another pixel's.
TEST(MaxPool2d, OfMorePixelsThanARealCountsIsAnError) {
  if (std::numeric_limits<real>::digits > 24) return;  // no memory has room for 2^53 pixels
  Tensor from;
  EXPECT_TRUE(fails_saying(
      [&] {
        global_max_pool(Tensor({1, 4096, 4097, 1}), from);
      },
      {"[1, 4096, 4097, 1]", "16781312 pixels", "at most 16777216"}));
}

TEST(MaxPool2d, PropagatesNaN) {
  Tensor from;
  const real nan = std::numeric_limits<real>::quiet_NaN();
  EXPECT_TRUE(std::isnan(max_pool2d(Tensor({1, 2, 2, 1}, {3, nan, 1, 2}), {}, from)[0]));
  EXPECT_TRUE(std::isnan(max_pool2d(Tensor({1, 2, 2, 1}, {nan, 3, 1, 2}), {}, from)[0]));
}

TEST(AdaptiveMaxPool, PropagatesNaN) {
  Tensor from;
  const real nan = std::numeric_limits<real>::quiet_NaN();
  EXPECT_TRUE(std::isnan(adaptive_max_pool(Tensor({1, 2, 2, 1}, {3, nan, 1, 2}), 1, from)[0]));
}

TEST(MaxPool2d, OfMinusInfinityAloneStaysInItsChannel) {
  const real lowest = -std::numeric_limits<real>::infinity();
  Tensor from;
  max_pool2d(Tensor({1, 1, 2, 2}, {1, lowest, 2, lowest}), {.kernel = {1, 2}, .stride = 1}, from);
  EXPECT_TRUE(same_bits(from, Tensor({1, 1, 1, 2}, {1, 0}))) << "the pixels of the image";
}

TEST(GlobalPools, HaveTheWholeImageAsOneWindow) {
  Rng rng(4);
  const Tensor x = uniform({3, 4, 5, 6}, rng, -1), dy = uniform({3, 6}, rng, -1);
  std::vector<double> mean(18), largest(18, -2), avg_dx(360), max_dx(360);
  const auto cell = [](long i) { return i / 120 * 6 + i % 6; };
  for (long i = 0; i < x.size(); i++) {
    at(mean, cell(i)) += static_cast<double>(x[i]) / 20;
    at(largest, cell(i)) = std::max(at(largest, cell(i)), static_cast<double>(x[i]));
    at(avg_dx, i) = static_cast<double>(dy[cell(i)]) / 20;
  }
  for (long i = 0; i < x.size(); i++)
    if (static_cast<double>(x[i]) == at(largest, cell(i)))
      at(max_dx, i) = static_cast<double>(dy[cell(i)]);
  Tensor from;
  EXPECT_TRUE(close(global_avg_pool(x), tensor_of({3, 6}, mean), tolerance));
  EXPECT_TRUE(close(global_avg_pool_dx(dy, x.shape()), tensor_of(x.shape(), avg_dx), tolerance));
  EXPECT_TRUE(close(global_max_pool(x, from), tensor_of({3, 6}, largest), tolerance));
  EXPECT_TRUE(close(max_pool_dx(dy, from, x.shape()), tensor_of(x.shape(), max_dx), tolerance));
}

// A pixel belongs to each cell [i / side, (i + 1) / side) of the image that it overlaps.
TEST(AdaptivePools, ReduceThePixelsThatACellOverlaps) {
  Rng rng(5);
  for (const auto& [h, w, rows, cols] : std::vector<std::array<long, 4>>{{7, 7, 7, 7},
                                                                         {5, 8, 3, 3},
                                                                         {1, 2, 4, 4},
                                                                         {14, 9, 7, 7},
                                                                         {5, 8, 2, 3},
                                                                         {9, 4, 4, 1},
                                                                         {3, 7, 5, 7}}) {
    const Size2 cells{rows, cols};
    const Tensor x = uniform({2, h, w, 3}, rng, -1), dy = uniform({2, rows, cols, 3}, rng, -1);
    std::vector<double> y(dy.size()), dx(x.size()), largest(dy.size(), -2), max_dx(x.size());
    const auto overlaps = [](long pixel, long size, long cell, long count) {
      return pixel * count < (cell + 1) * size && cell * size < (pixel + 1) * count;
    };
    for (long out = 0; out < dy.size(); out++) {
      const long c = out % 3, j = out / 3 % cols, i = out / 3 / cols % rows,
                 n = out / 3 / cols / rows;
      std::vector<long> members;
      for (long r = 0; r < h; r++)
        for (long s = 0; s < w; s++)
          if (overlaps(r, h, i, rows) && overlaps(s, w, j, cols))
            members.push_back(((n * h + r) * w + s) * 3 + c);
      for (const long m : members) {
        at(y, out) += static_cast<double>(x[m]) / static_cast<double>(members.size());
        at(dx, m) += static_cast<double>(dy[out]) / static_cast<double>(members.size());
        at(largest, out) = std::max(at(largest, out), static_cast<double>(x[m]));
      }
      for (const long m : members)
        if (static_cast<double>(x[m]) == at(largest, out))
          at(max_dx, m) += static_cast<double>(dy[out]);
    }
    Tensor from;
    const std::string what = text(Size2(h, w), " to ", cells);
    EXPECT_TRUE(close(adaptive_avg_pool(x, cells), tensor_of(dy.shape(), y), tolerance)) << what;
    EXPECT_TRUE(close(adaptive_avg_pool_dx(dy, x.shape()), tensor_of(x.shape(), dx), tolerance))
        << what;
    EXPECT_TRUE(close(adaptive_max_pool(x, cells, from), tensor_of(dy.shape(), largest), tolerance))
        << what;
    EXPECT_TRUE(close(max_pool_dx(dy, from, x.shape()), tensor_of(x.shape(), max_dx), tolerance))
        << what;
  }
  EXPECT_TRUE(fails_saying(
      [] {
        adaptive_avg_pool(zeros({2, 3}), 7);
      },
      {"adaptive_avg_pool", "[2, 3]", "7x7"}));
  EXPECT_TRUE(fails_saying(
      [] {
        Tensor from;
        adaptive_max_pool(zeros({1, 2, 2, 3}), {4, 0}, from);
      },
      {"adaptive_max_pool", "[1, 2, 2, 3]", "4x0"}));
}

TEST(Pool2d, ErrorsNameTheShapesAndOptions) {
  const auto shape = [](const Shape& x, const Pool2dOptions& o) {
    return [=] { pool2d_shape(x, o); };
  };
  EXPECT_TRUE(fails_saying(shape({4, 4, 1}, {}), {"pool2d", "[4, 4, 1]", "[N, H, W, C]"}));
  EXPECT_TRUE(fails_saying(shape({1, 1, 4, 1}, {}), {"pool2d", "[1, 1, 4, 1]", "smaller", "2"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 1}, {.pad = 2}), {"padding 2", "half the kernel"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 1}, {.stride = 0}), {"stride 0"}));
  EXPECT_TRUE(fails_saying(shape({1, 0, 4, 1}, {.pad = 1}), {"[1, 0, 4, 1]", "pixel"}));
  EXPECT_TRUE(fails_saying([] { global_avg_pool(zeros({2, 3})); }, {"global_avg_pool", "[2, 3]"}));
  EXPECT_TRUE(fails_saying(
      [] {
        global_avg_pool(zeros({2, 0, 3, 1}));
      },
      {"global_avg_pool", "[2, 0, 3, 1]", "at least one pixel"}));
}

}  // namespace
}  // namespace excite
