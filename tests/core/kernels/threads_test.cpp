// Every kernel that sums gives the same bits on any number of threads, here on shapes that are
// split into several shards.
#include <cstring>
#include <functional>

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
  for (const int count : {2, 3, 7}) {
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

}  // namespace
}  // namespace excite
