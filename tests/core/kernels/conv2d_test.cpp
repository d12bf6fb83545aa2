#include "core/kernels/conv2d.h"

#include <set>

#include "core/kernels/conv2d_algorithms.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/simd.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

// A convolution of random numbers with the results of the reference.
struct Problem {
  Conv2dOptions options;
  Conv2dShape shape;
  Tensor x, w, dy, y, dx, dw;
};

Problem problem(const Shape& x_shape, const Shape& w_shape, const Conv2dOptions& options,
                Rng& rng) {
  const Conv2dShape q(x_shape, w_shape, options);
  Tensor x = uniform(x_shape, rng, -1), w = uniform(w_shape, rng, -1), dy = uniform(q.y(), rng, -1);
  Tensor y = conv2d_reference(q, x, w), dx = conv2d_reference_dx(q, dy, w),
         dw = conv2d_reference_dw(q, x, dy);
  return {options,      q, std::move(x), std::move(w), std::move(dy), std::move(y), std::move(dx),
          std::move(dw)};
}

// Random kernels, strides, paddings, dilations and groups.
Problem any_problem(long seed) {
  Rng rng(seed);
  while (true) {
    const auto one_to = [&](long n) { return 1 + rng.below(n); };
    const long groups = one_to(4), cg = one_to(5), kg = one_to(5), r = one_to(5), s = one_to(5);
    const Conv2dOptions options{.stride = {one_to(3), one_to(3)},
                                .pad = {rng.below(4), rng.below(4)},
                                .dilation = {one_to(2), one_to(2)},
                                .groups = groups};
    const Shape x{one_to(3), one_to(9), one_to(9), groups * cg}, w{r, s, cg, groups * kg};
    const bool fits = x[1] + 2 * options.pad.h >= (r - 1) * options.dilation.h + 1 &&
                      x[2] + 2 * options.pad.w >= (s - 1) * options.dilation.w + 1;
    if (fits) return problem(x, w, options, rng);
  }
}

// Shapes that Winograd supports.
Problem winograd_problem(long seed) {
  Rng rng(seed);
  const auto one_to = [&](long n) { return 1 + rng.below(n); };
  const Shape x{one_to(3), one_to(16), one_to(16), one_to(35)};
  const Size2 pad{std::max(rng.below(3), (3 - x[1] + 1) / 2),
                  std::max(rng.below(3), (3 - x[2] + 1) / 2)};
  return problem(x, {3, 3, x[3], one_to(35)}, {.pad = pad}, rng);
}

// Up to 12 groups of 1 to 20 channels.
Problem grouped_problem(long seed) {
  Rng rng(seed);
  const auto one_to = [&](long n) { return 1 + rng.below(n); };
  const long groups = one_to(12), cg = one_to(20), kg = one_to(20), kernel = one_to(3);
  return problem({one_to(2), 3 + one_to(5), 3 + one_to(5), groups * cg},
                 {kernel, kernel, cg, groups * kg},
                 {.stride = {one_to(2), one_to(2)}, .pad = rng.below(2), .groups = groups}, rng);
}

void expect_reference(const Problem& p, const std::string& name) {
  const Conv2dShape& q = p.shape;
  const std::string what =
      text(name, ": input ", p.x.shape(), ", weight ", p.w.shape(), ", stride ", q.stride,
           ", padding ", q.pad, ", dilation ", q.dilation, ", groups ", q.groups);
  const Tensor &y = p.y, &dx = p.dx, &dw = p.dw;
  EXPECT_TRUE(close(conv2d(p.x, p.w, p.options), y, tolerance)) << what << ": y";
  EXPECT_TRUE(close(conv2d_dx(p.dy, p.w, p.x.shape(), p.options), dx, tolerance)) << what << ": dx";
  EXPECT_TRUE(close(conv2d_dw(p.x, p.dy, p.w.shape(), p.options), dw, tolerance)) << what << ": dw";
  const Tensor dx_twice = map([](real v) { return v + v; }, dx);
  Tensor sum = dx.clone();
  conv2d_add_dx(p.dy, p.w, sum, p.options);
  EXPECT_TRUE(close(sum, dx_twice, tolerance)) << what << ": dx + dx";
  for (const Conv2dFunctions* algorithm : {&blas_conv2d, &direct_conv2d, &winograd_conv2d}) {
    if (algorithm == &winograd_conv2d && !winograd_supports(q)) continue;
    EXPECT_TRUE(close(algorithm->y(q, p.x, p.w), y, tolerance))
        << what << ": y of " << algorithm->name;
    EXPECT_TRUE(close(algorithm->dx(q, p.dy, p.w), dx, tolerance))
        << what << ": dx of " << algorithm->name;
    if (algorithm->add_dx) {
      sum = dx.clone();
      algorithm->add_dx(q, p.dy, p.w, sum);
      EXPECT_TRUE(close(sum, dx_twice, tolerance)) << what << ": dx + dx of " << algorithm->name;
    }
    EXPECT_TRUE(close(algorithm->dw(q, p.x, p.dy), dw, tolerance))
        << what << ": dw of " << algorithm->name;
  }
}

// The number of shapes that an algorithm was tested on, and the remainders modulo 4 and modulo the
// vector width of the height and width of y and of the channels per group.
struct Coverage {
  long shapes = 0;
  std::set<long> by_four[4], by_lanes[4];
  void add(const Conv2dShape& q) {
    shapes++;
    const long sizes[4] = {q.oh, q.ow, q.cg, q.kg};
    for (int i = 0; i < 4; i++)
      by_four[i].insert(sizes[i] % 4), by_lanes[i].insert(sizes[i] % lanes);
  }
  bool every_remainder() const {
    bool every = true;
    for (int i = 0; i < 4; i++)
      every =
          every && by_four[i].size() == 4 && by_lanes[i].size() == static_cast<std::size_t>(lanes);
    return every;
  }
};

TEST(Conv2d, EveryAlgorithmMatchesTheReferenceOnHundredsOfRandomShapes) {
  Coverage blas_and_direct, winograd;
  for (long seed = 0; seed < 250; seed++) {
    const Problem p = seed < 100   ? any_problem(seed)
                      : seed < 200 ? winograd_problem(seed)
                                   : grouped_problem(seed);
    blas_and_direct.add(p.shape);
    if (winograd_supports(p.shape)) winograd.add(p.shape);
    expect_reference(p, text("seed ", seed));
  }
  std::printf("shapes: %ld with blas and direct, %ld with winograd\n", blas_and_direct.shapes,
              winograd.shapes);
  EXPECT_GE(blas_and_direct.shapes, 50);
  EXPECT_GE(winograd.shapes, 50);
  EXPECT_TRUE(blas_and_direct.every_remainder());
  EXPECT_TRUE(winograd.every_remainder());
}

TEST(Conv2d, MatchesTheReferenceWithWeightsSoLargeThatWorkIsNotSplitByImage) {
  Rng rng(4);
  expect_reference(problem({2, 7, 6, 128}, {3, 3, 128, 130}, {.pad = 1}, rng), "large weights");
  expect_reference(problem({2, 7, 6, 68}, {3, 3, 68, 66}, {.stride = 2, .pad = 1}, rng),
                   "large weights, stride 2");
}

TEST(Conv2d, MatchesTheReferenceOnTheShapesOfNetworks) {
  Rng rng(1);
  expect_reference(problem({2, 16, 16, 16}, {3, 3, 16, 16}, {.pad = 1}, rng), "3x3");
  expect_reference(problem({2, 15, 17, 16}, {3, 3, 16, 32}, {.stride = 2, .pad = 1}, rng),
                   "3x3, stride 2");
  expect_reference(problem({1, 28, 28, 3}, {7, 7, 3, 8}, {.stride = 2, .pad = 3}, rng), "7x7 stem");
  expect_reference(problem({2, 9, 8, 32}, {1, 1, 32, 24}, {}, rng), "1x1");
  expect_reference(problem({2, 9, 8, 32}, {1, 1, 32, 24}, {.stride = 2}, rng), "1x1, stride 2");
  expect_reference(problem({1, 10, 9, 32}, {3, 3, 4, 32}, {.pad = 1, .groups = 8}, rng), "grouped");
  expect_reference(problem({1, 10, 9, 32}, {3, 3, 1, 32}, {.pad = 1, .groups = 32}, rng),
                   "depthwise");
  expect_reference(problem({1, 8, 12, 6}, {1, 7, 6, 5}, {.pad = {0, 3}}, rng), "1x7");
}

TEST(Conv2d, MatchesTheReferenceIfAnImageNeedsSeveralSlabs) {
  Rng rng(2);
  expect_reference(problem({1, 16, 16, 64}, {3, 3, 64, 4}, {.pad = 1}, rng), "several slabs");
}

TEST(Conv2d, MatchesTheReferenceWithMoreImagesThanShards) {
  Rng rng(3);
  expect_reference(problem({19, 4, 3, 2}, {3, 3, 2, 3}, {.pad = 1}, rng), "19 images");
}

// Winograd takes padding of up to 2.
TEST(Conv2d, MatchesTheReferenceWithMorePaddingThanWinogradTakes) {
  Rng rng(5);
  for (const Size2& pad : {Size2(3), Size2(3, 1), Size2(2, 3), Size2(2)})
    expect_reference(problem({2, 6, 7, 20}, {3, 3, 20, 24}, {.pad = pad}, rng), "padding");
}

// A pass of the direct weight gradient takes the rows of up to 128 pixels.
TEST(Conv2d, MatchesTheReferenceOnTallNarrowAndOnWideImages) {
  Rng rng(6);
  for (const auto& [h, w] : std::vector<std::pair<long, long>>{
           {17, 7}, {19, 7}, {37, 7}, {45, 3}, {129, 1}, {300, 1}, {3, 257}, {2, 600}, {1, 513}}) {
    expect_reference(problem({2, h, w, 16}, {3, 3, 16, 17}, {.pad = 1}, rng), "3x3");
    expect_reference(problem({1, h, w, 3}, {5, 3, 3, 2}, {.stride = 2, .pad = {2, 1}}, rng), "5x3");
  }
}

// A weight of 16 or more blocks is cut into parts, and a shard has several images.
TEST(Conv2d, MatchesTheReferenceWithManyPartsAndImages) {
  Rng rng(7);
  expect_reference(problem({39, 2, 3, 200}, {1, 1, 200, 600}, {}, rng), "1x1");
  expect_reference(problem({35, 3, 3, 80}, {3, 3, 5, 160}, {.pad = 1, .groups = 16}, rng),
                   "grouped");
  expect_reference(problem({34, 3, 3, 100}, {2, 2, 100, 500}, {.stride = 2}, rng), "2x2, stride 2");
}

TEST(Conv2d, AcceptsABatchOfNoImages) {
  const Tensor x({0, 4, 4, 2}), w = zeros({3, 3, 2, 5});
  EXPECT_EQ(conv2d(x, w, {.pad = 1}).shape(), (Shape{0, 4, 4, 5}));
  EXPECT_TRUE(same_bits(conv2d_dw(x, Tensor({0, 4, 4, 5}), w.shape(), {.pad = 1}), w));
}

TEST(Conv2d, ErrorsNameTheShapesAndOptions) {
  const auto shape = [](const Shape& x, const Shape& w, const Conv2dOptions& o) {
    return [=] { Conv2dShape(x, w, o); };
  };
  EXPECT_TRUE(
      fails_saying(shape({4, 4, 2}, {3, 3, 2, 5}, {}), {"conv2d", "[4, 4, 2]", "[N, H, W, C]"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 2}, {3, 3, 2}, {}),
                           {"conv2d", "[3, 3, 2]", "[R, S, C/groups, K]"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 2}, {3, 3, 3, 5}, {}),
                           {"conv2d", "[1, 4, 4, 2]", "2 channels", "[3, 3, 3, 5] with 1 group",
                            "expects 3; images are [N, H, W, C]"}));
  EXPECT_TRUE(fails_saying(shape({4, 3, 16, 16}, {3, 3, 3, 8}, {}),
                           {"conv2d: input [4, 3, 16, 16] has 16 channels",
                            "images are [N, H, W, C], and these seem to be [N, C, H, W]"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 4}, {3, 3, 2, 5}, {.groups = 2}),
                           {"[3, 3, 2, 5]", "5 output channels", "multiple of the 2 groups"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 2}, {5, 5, 2, 5}, {}),
                           {"[1, 4, 4, 2]", "smaller", "[5, 5, 2, 5]", "5x5"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 2}, {3, 3, 2, 5}, {.dilation = 2}),
                           {"dilation 2x2", "covers 5x5"}));
  EXPECT_TRUE(
      fails_saying(shape({1, 4, 4, 2}, {3, 3, 2, 5}, {.stride = 0}), {"stride 0x0", "at least 1"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 2}, {3, 3, 2, 5}, {.pad = -1}), {"padding -1x-1"}));
  EXPECT_TRUE(fails_saying(shape({1, 4, 4, 2}, {3, 3, 2, 5}, {.groups = 0}), {"0 groups"}));
}

}  // namespace
}  // namespace excite
