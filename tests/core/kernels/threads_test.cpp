// Every kernel that sums gives the same bits on any number of threads, here on shapes that are
// split into several shards.
#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "core/kernels/batch_norm.h"
#include "core/kernels/channels.h"
#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_fused.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/embedding.h"
#include "core/kernels/layer_norm.h"
#include "core/kernels/matmul.h"
#include "core/kernels/pool.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/tree_sum.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Threads {  // sets the number of threads until the end of the scope
  int before = threads();
  explicit Threads(int count) { set_threads(count); }
  ~Threads() { set_threads(before); }
};

void expect_same_bits(const std::string& what, const std::function<Tensor()>& compute) {
  const auto on = [&](int count) {
    const Threads scope(count);
    return compute();
  };
  const Tensor alone = on(1);
  for (const int count : {2, 3, 7, 16}) {
    const Tensor together = on(count);
    ASSERT_EQ(together.shape(), alone.shape()) << what;
    const auto bytes = static_cast<std::size_t>(alone.size()) * sizeof(real);
    EXPECT_EQ(std::memcmp(together.data(), alone.data(), bytes), 0)
        << what << " on " << count << " threads";
  }
}

TEST(Threads, AnyNumberGivesTheSameBits) {
  Rng rng(0);
  const Shape images{19, 13, 12, 16}, weight{3, 3, 16, 24};
  const Tensor x = normal(images, rng), z = normal(images, rng), mean = normal({16}, rng);
  const Tensor w = normal(weight, rng), dy = normal({19, 13, 12, 24}, rng);
  const Tensor a = normal({300, 70}, rng), b = normal({70, 33}, rng);
  const auto number = [](double v) { return full({}, static_cast<real>(v)); };
  expect_same_bits("conv2d", [&] { return conv2d(x, w, {.pad = 1}); });
  expect_same_bits("conv2d_dx", [&] { return conv2d_dx(dy, w, images, {.pad = 1}); });
  expect_same_bits("conv2d_dw", [&] { return conv2d_dw(x, dy, weight, {.pad = 1}); });
  const Tensor above = uniform({16}, rng, real(0.5), 2), wide = normal({19, 3, 3, 400}, rng),
               wide_dy = normal({19, 3, 3, 300}, rng);
  const NormRelu norm{mean, above, mean};
  const Conv2dOptions same{.pad = 1}, halving{.stride = 2, .pad = 1};
  const Tensor half_dy = normal({19, 7, 6, 24}, rng), flat = normal({19, 15, 17, 3}, rng),
               of_flat = normal({3, 3, 3, 24}, rng);
  expect_same_bits("conv2d_moments", [&] { return conv2d_moments(x, w, same).moments.all.var; });
  expect_same_bits("conv2d_moments, direct",
                   [&] { return conv2d_moments(flat, of_flat, same).moments.all.var; });
  expect_same_bits("norm_relu_conv2d",
                   [&] { return norm_relu_conv2d(x, norm, w, same).moments.mean; });
  expect_same_bits("norm_relu_conv2d_dx",
                   [&] { return norm_relu_conv2d_dx(dy, w, x, norm, same).sums.d_u; });
  expect_same_bits("norm_relu_conv2d_dw",
                   [&] { return norm_relu_conv2d_dw(x, norm, dy, weight, same); });
  expect_same_bits("conv2d_direct_dw", [&] {
    return conv2d_direct_dw({images, weight, halving}, x, half_dy);
  });
  expect_same_bits("conv2d_direct_dw of many blocks", [&] {
    return conv2d_direct_dw({wide.shape(), {1, 1, 400, 300}, {}}, wide, wide_dy);
  });
  expect_same_bits("channel_moments", [&] { return channel_moments(x).var; });
  expect_same_bits("channel_sums", [&] { return channel_sums(z, x, mean).dy_x; });
  expect_same_bits("scale_channels_ds", [&] { return scale_channels_ds(z, x); });
  expect_same_bits("global_avg_pool", [&] { return global_avg_pool(x); });
  const RowMoments rows = row_moments(x, 1e-5);
  expect_same_bits("row_moments", [&] { return row_moments(x, 1e-5).inv_std; });
  expect_same_bits("layer_norm_dx", [&] { return layer_norm_dx(z, x, rows, mean); });
  expect_same_bits("layer_norm_dgamma", [&] { return layer_norm_dgamma(z, x, rows); });
  std::vector<int> indices;
  for (long n = 0; n < a.dim(0); n++) indices.push_back(static_cast<int>(rng.below(5)));
  expect_same_bits("scatter_add_rows", [&] { return scatter_add_rows(a, indices, 5); });
  expect_same_bits("matmul", [&] { return matmul(a, b); });
  expect_same_bits("matmul_transposed_a", [&] { return matmul_transposed_a(a, a); });
  expect_same_bits("matmul_transposed_b", [&] { return matmul_transposed_b(a, a); });
  expect_same_bits("softmax", [&] { return softmax(a); });
  expect_same_bits("sum_rows", [&] { return sum_rows(x); });
  expect_same_bits("sum", [&] { return number(sum(x)); });
  expect_same_bits("dot", [&] { return number(dot(x, z)); });
}

// Batches of one image and of an odd number of shards, and of one, two and three images per shard.
// The images are small, so that several shards are one block of Winograd's tiles, or large, so that
// a shard is several blocks.
TEST(Threads, AnyNumberGivesTheSameBitsOfAnyBatch) {
  Rng rng(1);
  for (const long n : {1l, 2l, 3l, 16l, 33l, 128l})
    for (const auto& [side, channels] : {std::pair{4l, 16l}, {8l, 64l}, {28l, 16l}}) {
      const Shape images{n, side, side, channels}, weight{3, 3, channels, channels};
      if (images.size() > 1 << 20) continue;
      const auto what = [&](const char* name) { return text(name, " of ", images); };
      const Tensor x = normal(images, rng), dy = normal(images, rng),
                   mean = normal({channels}, rng);
      const Conv2dOptions same{.pad = 1}, blas{.pad = 1, .algorithm = Conv2dAlgorithm::blas};
      expect_same_bits(what("conv2d_dw"), [&] { return conv2d_dw(x, dy, weight, same); });
      expect_same_bits(what("conv2d_dw by BLAS"), [&] { return conv2d_dw(x, dy, weight, blas); });
      expect_same_bits(what("conv2d_direct_dw"), [&] {
        return conv2d_direct_dw({images, weight, same}, x, dy);
      });
      const Tensor w = normal(weight, rng);
      expect_same_bits(what("conv2d"), [&] { return conv2d(x, w, same); });
      expect_same_bits(what("conv2d_moments"),
                       [&] { return conv2d_moments(x, w, same).moments.all.var; });
      expect_same_bits(what("image_moments"), [&] { return image_moments(x).all.var; });
      expect_same_bits(what("channel_moments"), [&] { return channel_moments(x).var; });
      expect_same_bits(what("channel_sums"), [&] { return channel_sums(dy, x, mean).dy_x; });
      const RowMoments rows = row_moments(x, 1e-5);
      expect_same_bits(what("layer_norm_dgamma"), [&] { return layer_norm_dgamma(dy, x, rows); });
      expect_same_bits(what("sum_rows"), [&] { return sum_rows(x); });
      expect_same_bits(what("dot"), [&] { return full({}, static_cast<real>(dot(x, dy))); });
      const Tensor a = normal({n, 70}, rng), b = normal({n, 33}, rng);
      expect_same_bits(what("matmul_transposed_a"), [&] { return matmul_transposed_a(a, b); });
    }
}

// ---- the tree by its definition ----

// The tree over the shards [first, last) of n images, where the sum of a shard is that of its
// images, in order.
Tensor define(const Shards& shards, long first, long last,
              const std::function<Tensor(long image)>& of_image) {
  if (last - first == 1) {
    Tensor sum = of_image(shards.begin(first));
    for (long n = shards.begin(first) + 1; n < shards.end(first); n++) add_to(sum, of_image(n));
    return sum;
  }
  long m = 1;
  while (2 * m < last - first) m *= 2;
  Tensor sum = define(shards, first, first + m, of_image);
  add_to(sum, define(shards, first + m, last, of_image));
  return sum;
}

// Image n of x as a batch of one.
Tensor image(const Tensor& x, long n) {
  std::vector<long> dims = x.shape().dims();
  const long size = x.size() / dims[0];
  dims[0] = 1;
  Tensor y{Shape(dims)};
  std::copy_n(x.data() + n * size, size, y.data());
  return y;
}

void expect_tree(const std::string& what, const Tensor& actual, long images,
                 const std::function<Tensor(long image)>& of_image) {
  const Shards shards(images);
  EXPECT_TRUE(same_bits(actual, define(shards, 0, shards.count, of_image)))
      << what << " of " << images << " images";
}

// The images are so small that each is one call of the microkernel.
TEST(TreeSum, IsTheOrderOfGradientsOfWeights) {
  Rng rng(2);
  for (const long n : {1l, 2l, 3l, 16l, 33l, 128l}) {
    const Tensor x = normal({n, 3, 3, 20}, rng), dy = normal({n, 3, 3, 24}, rng);
    const Conv2dOptions same{.pad = 1};
    const Shape weight{3, 3, 20, 24};
    expect_tree("conv2d_direct_dw", conv2d_direct_dw({x.shape(), weight, same}, x, dy), n,
                [&](long i) {
                  return conv2d_direct_dw({{1, 3, 3, 20}, weight, same}, image(x, i), image(dy, i));
                });
    const Tensor wide = normal({n, 2, 2, 400}, rng), wide_dy = normal({n, 2, 2, 300}, rng);
    const Shape wide_weight{1, 1, 400, 300};
    expect_tree("conv2d_direct_dw of many blocks",
                conv2d_direct_dw({wide.shape(), wide_weight, {}}, wide, wide_dy), n, [&](long i) {
                  return conv2d_direct_dw({{1, 2, 2, 400}, wide_weight, {}}, image(wide, i),
                                          image(wide_dy, i));
                });
    std::vector<int> indices;
    for (long i = 0; i < n; i++) indices.push_back(static_cast<int>(rng.below(5)));
    const Tensor rows = normal({n, 7}, rng);
    expect_tree("scatter_add_rows", scatter_add_rows(rows, indices, 5), n,
                [&](long i) { return scatter_add_rows(image(rows, i), {indices[i]}, 5); });
  }
}

}  // namespace
}  // namespace excite
