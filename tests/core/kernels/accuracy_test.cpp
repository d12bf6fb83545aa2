// How exact every kernel is that sums, on inputs made to lose digits: a large mean, an outlier as
// first number, equal numbers (whose rounding errors do not average out), large maps, wide rows,
// many classes. The results are compared with sums in long double. Bounds are in units of the
// machine's precision, 1.2e-7 in float and 2.2e-16 in double.
#include <functional>

#include "autograd/ops.h"
#include "core/kernels/batch_norm.h"
#include "core/kernels/channels.h"
#include "core/kernels/conv2d_algorithms.h"
#include "core/kernels/conv2d_fused.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/embedding.h"
#include "core/kernels/fused.h"
#include "core/kernels/layer_norm.h"
#include "core/kernels/matmul.h"
#include "core/kernels/pool.h"
#include "core/kernels/simd.h"
#include "core/kernels/softmax.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

using exact = long double;
constexpr auto precision = static_cast<exact>(std::numeric_limits<real>::epsilon());

exact number(const Tensor& t, long i) { return static_cast<exact>(t[i]); }

// The largest error, relative to the largest expected number, in units of `precision`.
exact error_of(const Tensor& actual, const std::vector<exact>& expected) {
  require(actual.size() == std::ssize(expected), "error_of: ", actual.shape(), " and ",
          expected.size(), " numbers");
  exact largest = 0, error = 0;
  for (long i = 0; i < actual.size(); i++) {
    const exact e = expected[static_cast<std::size_t>(i)];
    largest = std::max(largest, std::abs(e));
    error = std::max(error, std::abs(number(actual, i) - e));
  }
  return largest > 0 ? error / largest / precision : error;
}

// The same, relative to `scale`.
exact error_of(const Tensor& actual, const std::vector<exact>& expected, exact scale) {
  exact error = 0;
  for (long i = 0; i < actual.size(); i++)
    error = std::max(error, std::abs(number(actual, i) - expected[static_cast<std::size_t>(i)]));
  return error / scale / precision;
}

// In the double library a sum has the precision of its terms, so its error grows with their number:
// to 1e-10 at most here.
void expect_error(exact error, exact allowed, const std::string& what) {
  if (in_double_build) allowed = std::max(allowed, 1e-10L / precision);
  EXPECT_LE(error, allowed) << what;
  if (std::getenv("SHOW_ERRORS"))
    std::printf("%-60s %9.3Lf of %9.3Lf\n", what.c_str(), error, allowed);
}

// ---- inputs ----

struct Input {
  const char* name;
  std::function<Tensor(const Shape&, Rng&)> make;
};
const std::vector<Input>& inputs() {
  static const std::vector<Input> all{
      {"normal", [](const Shape& s, Rng& rng) { return normal(s, rng); }},
      {"large mean", [](const Shape& s, Rng& rng) { return normal(s, rng, 1000, 1); }},
      {"first is an outlier",
       [](const Shape& s, Rng& rng) {
         Tensor x = normal(s, rng);
         for (long c = 0; c < s[-1]; c++) x[c] = 1000;
         return x;
       }},
      {"equal", [](const Shape& s, Rng&) { return full(s, real(0.1)); }},
      {"positive", [](const Shape& s, Rng& rng) { return uniform(s, rng, real(0.5), 1); }}};
  return all;
}
// 56x56 is SE-ResNet-50's largest squeeze. The wide row is one band of Winograd's tiles.
const std::vector<Shape> maps{{2, 56, 56, 5}, {1, 256, 256, 1}, {1, 1, 100'000, 1}, {16, 9, 8, 4}};

// ---- moments ----

struct Exact {
  std::vector<exact> mean, var;
};
Exact exact_moments(const Tensor& x) {
  const long rows = x.shape().rows(), channels = x.dim(-1);
  Exact m{std::vector<exact>(channels), std::vector<exact>(channels)};
  for (long i = 0; i < x.size(); i++) m.mean[i % channels] += number(x, i);
  for (exact& mean : m.mean) mean /= static_cast<exact>(rows);
  for (long i = 0; i < x.size(); i++) {
    const exact d = number(x, i) - m.mean[i % channels];
    m.var[i % channels] += d * d / static_cast<exact>(rows);
  }
  return m;
}

// A mean is as exact as its terms, of the size of the mean or of the deviation.
exact error_of_mean(const Tensor& mean, const Exact& expected) {
  exact scale = 0;
  for (const exact m : expected.mean) scale = std::max(scale, std::abs(m));
  for (const exact v : expected.var) scale = std::max(scale, std::sqrt(v));
  return error_of(mean, expected.mean, scale);
}
// A variance is as exact as its inputs: where all numbers are nearly equal, it is relative to the
// square of their rounding error.
exact error_of_var(const ChannelMoments& moments, const Exact& expected) {
  exact scale = 0;
  for (const exact v : expected.var) scale = std::max(scale, v);
  for (const exact m : expected.mean) scale = std::max(scale, m * m * precision);
  return error_of(moments.var, expected.var, scale);
}

TEST(Accuracy, OfBatchMoments) {
  Rng rng(0);
  for (const Shape& shape : maps)
    for (const Input& input : inputs()) {
      const Tensor x = input.make(shape, rng);
      const Exact expected = exact_moments(x);
      const ChannelMoments all = channel_moments(x);
      const ImageMoments fused = image_moments(x);
      const std::string what = text(shape, ", ", input.name, ": ");
      expect_error(error_of_mean(all.mean, expected), 1, what + "mean");
      expect_error(error_of_var(all, expected), 8, what + "variance");
      expect_error(error_of_mean(fused.all.mean, expected), 1, what + "mean, by images");
      expect_error(error_of_var(fused.all, expected), 8, what + "variance, by images");
    }
}

// A weight of 1 at the center alone makes y = x, up to the rounding of Winograd's transforms. So
// the moments are compared with those of y. They are counted from the mean of the first pixels, as
// many as the microkernel takes at a time. With narrow vectors these are fewer, so an outlier among
// them costs more digits: a variance has errors of up to 42 units with 32 bytes.
TEST(Accuracy, OfTheMomentsOfAConvolution) {
  Rng rng(1);
  const exact of_variance = vector_bytes == 64 ? 20 : 60;
  for (Shape shape : maps)
    for (const Input& input : inputs())
      for (const long kernel : {3l, 1l}) {
        shape = {shape[0], shape[1], shape[2], 16};
        if (shape.size() > 1'000'000) shape = {1, 1, 20'000, 16};
        const Tensor x = input.make(shape, rng);
        Tensor w = zeros({kernel, kernel, 16, 16});
        for (long c = 0; c < 16; c++) w[(kernel * kernel / 2 * 16 + c) * 16 + c] = 1;
        const ConvWithMoments y = conv2d_moments(x, w, {.pad = kernel / 2});
        const Exact expected = exact_moments(y.y);
        const std::string what = text(shape, ", ", kernel, "x", kernel, ", ", input.name, ": ");
        expect_error(error_of_mean(y.moments.all.mean, expected), 2, what + "mean");
        expect_error(error_of_var(y.moments.all, expected), of_variance, what + "variance");
      }
}

TEST(Accuracy, OfSumsOverChannels) {
  Rng rng(2);
  for (const Shape& shape : maps)
    for (const Input& input : inputs()) {
      const Tensor dy = input.make(shape, rng), x = normal(shape, rng);
      const long channels = shape[3], per_image = shape[1] * shape[2] * channels;
      const Tensor mean = zeros({channels}), a = full({channels}, 1);
      std::vector<exact> sum(channels), product(channels), sizes(channels), products(channels);
      std::vector<exact> d(shape[0] * channels), d_u(d.size()), ds(d.size());
      for (long i = 0; i < x.size(); i++) {
        const long c = i % channels, at = i / per_image * channels + c;
        const exact g = number(dy, i), p = g * number(x, i);
        sum[c] += g, product[c] += p, sizes[c] += std::abs(g), products[c] += std::abs(p);
        ds[at] += p;
        if (x[i] > 0) d[at] += g, d_u[at] += p;
      }
      const exact size = *std::max_element(sizes.begin(), sizes.end()),
                  product_size = *std::max_element(products.begin(), products.end());
      const std::string what = text(shape, ", ", input.name, ": ");
      const ChannelSums sums = channel_sums(dy, x, mean);
      expect_error(error_of(sums.dy, sum, size), 2, what + "sum");
      expect_error(error_of(sums.dy_x, product, product_size), 2, what + "sum of products");
      expect_error(error_of(sum_rows(dy), sum, size), 1, what + "sum_rows");
      expect_error(error_of(scale_channels_ds(dy, x), ds, product_size), 1, what + "ds");
      const ImageSums masked = affine_relu_sums(dy, x, mean, a, mean);
      expect_error(error_of(masked.d, d, size), 2, what + "masked sum");
      expect_error(error_of(masked.d_u, d_u, product_size), 2, what + "masked sum of products");
      Tensor masked_dy = dy.clone();
      const ImageSums stored = relu_sums(masked_dy, x, x, mean);
      expect_error(error_of(stored.d, d, size), 2, what + "stored masked sum");
      expect_error(error_of(stored.d_u, d_u, product_size), 2, what + "stored sum of products");
      exact total = 0, square = 0, total_size = 0;
      for (long i = 0; i < dy.size(); i++)
        total += number(dy, i), total_size += std::abs(number(dy, i)),
            square += number(dy, i) * number(dy, i);
      EXPECT_LE(std::abs(static_cast<exact>(excite::sum(dy)) - total), 1e-12L * total_size) << what;
      EXPECT_LE(std::abs(static_cast<exact>(dot(dy, dy)) - square), 1e-12L * square) << what;
    }
}

// ---- pools: SENet's squeeze is a global average pool ----

TEST(Accuracy, OfAveragePools) {
  Rng rng(3);
  for (const Shape& shape : {Shape{2, 56, 56, 5}, Shape{1, 1024, 1024, 1}, Shape{1, 1, 100'000, 3}})
    for (const Input& input : inputs()) {
      const Tensor x = input.make(shape, rng);
      const long channels = shape[3], pixels = shape[1] * shape[2];
      std::vector<exact> mean(shape[0] * channels), size(mean.size());
      for (long i = 0; i < x.size(); i++) {
        const auto at = static_cast<std::size_t>(i / (pixels * channels) * channels + i % channels);
        mean[at] += number(x, i) / static_cast<exact>(pixels);
        size[at] += std::abs(number(x, i)) / static_cast<exact>(pixels);
      }
      const exact largest = *std::max_element(size.begin(), size.end());
      const std::string what = text(shape, ", ", input.name, ": ");
      expect_error(error_of(global_avg_pool(x), mean, largest), 1, what + "global");
      const Pool2dOptions whole{.kernel = {shape[1], shape[2]}, .stride = 1};
      expect_error(error_of(avg_pool2d(x, whole), mean, largest), 1, what + "one window");
      expect_error(error_of(adaptive_avg_pool(x, 1), mean, largest), 1, what + "one cell");
    }
}

// ---- rows: softmax, cross-entropy and layer norm ----

TEST(Accuracy, OfSoftmaxOverManyClasses) {
  Rng rng(4);
  for (const long classes : {10l, 1'000l, 100'000l})
    for (const real spread : {real(0), real(1), real(20)}) {
      const Tensor x = uniform({2, classes}, rng, -spread, spread), dy = uniform({2, classes}, rng);
      std::vector<exact> p(x.size()), logp(x.size()), dp(x.size()), dlogp(x.size());
      exact size = 0;  // of the sums in a gradient
      const Tensor y = softmax(x), log_y = log_softmax(x);
      for (long row = 0; row < x.size(); row += classes) {
        exact total = 0, sum = 0, sum_p = 0;
        for (long i = row; i < row + classes; i++) total += std::exp(number(x, i));
        for (long i = row; i < row + classes; i++) {
          logp[i] = number(x, i) - std::log(total);
          p[i] = std::exp(logp[i]);
          sum += number(dy, i), sum_p += number(dy, i) * number(y, i);
        }
        for (long i = row; i < row + classes; i++) {
          dlogp[i] = number(dy, i) - std::exp(number(log_y, i)) * sum;
          dp[i] = number(y, i) * (number(dy, i) - sum_p);
          size = std::max(size, p[i]);
        }
      }
      const std::string what = text(classes, " classes within ", spread, ": ");
      expect_error(error_of(y, p), 20, what + "softmax");
      expect_error(error_of(log_y, logp), 2, what + "log_softmax");
      expect_error(error_of(softmax_dx(dy, y), dp, size), 2, what + "dx of softmax");
      expect_error(error_of(log_softmax_dx(dy, log_y), dlogp), 4, what + "dx of log_softmax");
    }
}

// With x = 0 and smoothing s, dx = (1 - sum of t) / C + (1/C - s/C) except for the label. In float
// sums, the sum of targets of 100,000 classes was 1.0007.
TEST(Accuracy, OfCrossEntropyWithSmoothingOverManyClasses) {
  for (const long classes : {10l, 1'000l, 100'000l}) {
    Rng rng(5);
    const real smoothing = real(0.1);
    const Var x = parameter(uniform({3, classes}, rng, -1, 1));
    const std::vector<int> labels{0, 3, 9};
    backward(cross_entropy(x, labels, smoothing));
    const exact s = static_cast<exact>(smoothing), n = static_cast<exact>(classes);
    exact worst = 0;
    for (long row = 0; row < 3; row++) {
      exact total = 0;
      for (long i = 0; i < classes; i++) total += std::exp(number(x->value, row * classes + i));
      for (long i = 0; i < classes; i++) {
        const exact p = std::exp(number(x->value, row * classes + i)) / total,
                    t = s / n + (i == labels[static_cast<std::size_t>(row)] ? 1 - s : 0);
        // relative to the terms of this element, which are far smaller than those of the label
        worst = std::max(worst, std::abs(number(x->grad, row * classes + i) - (p - t) / 3) /
                                    ((p + t) / 3) / precision);
      }
    }
    expect_error(worst, 20, text(classes, " classes: each element of the gradient"));
  }
}

TEST(Accuracy, OfLayerNorm) {
  Rng rng(6);
  for (const long channels : {3l, 768l, 100'000l})
    for (const Input& input : inputs()) {
      const Tensor x = input.make({2, channels}, rng);
      const RowMoments rows = row_moments(x, 1e-5);
      std::vector<exact> mean(2), inv_std(2);
      for (std::size_t r = 0; r < 2; r++) {
        const long first = static_cast<long>(r) * channels;
        exact var = 0;
        for (long c = 0; c < channels; c++) mean[r] += number(x, first + c);
        mean[r] /= static_cast<exact>(channels);
        for (long c = 0; c < channels; c++)
          var += (number(x, first + c) - mean[r]) * (number(x, first + c) - mean[r]);
        inv_std[r] = 1 / std::sqrt(var / static_cast<exact>(channels) + 1e-5L);
      }
      const std::string what = text(channels, " channels, ", input.name, ": ");
      expect_error(error_of(rows.mean, mean), 4, what + "mean");
      expect_error(error_of(rows.inv_std, inv_std), 4, what + "inv_std");
    }
}

// ---- products: the error is relative to the sum of the products' sizes ----

// error of `actual` where expected[i] is a sum of products, and size[i] that of their sizes.
exact error_of_products(const Tensor& actual, const std::vector<exact>& expected,
                        const std::vector<exact>& size) {
  exact error = 0;
  for (long i = 0; i < actual.size(); i++) {
    const auto at = static_cast<std::size_t>(i);
    if (size[at] > 0)
      error = std::max(error, std::abs(number(actual, i) - expected[at]) / size[at]);
  }
  return error / precision;
}

TEST(Accuracy, OfMatrixProducts) {
  Rng rng(7);
  for (const Input& input : inputs())
    for (const long inner : {64l, 4'096l, 20'000l}) {
      const Tensor a = input.make({3, inner}, rng), b = uniform({inner, 5}, rng);
      std::vector<exact> c(15), size(15);
      for (long i = 0; i < 3; i++)
        for (long j = 0; j < 5; j++)
          for (long k = 0; k < inner; k++) {
            const exact p = number(a, i * inner + k) * number(b, k * 5 + j);
            c[i * 5 + j] += p, size[i * 5 + j] += std::abs(p);
          }
      Tensor at({inner, 3}), bt({5, inner});
      for (long k = 0; k < inner; k++) {
        for (long i = 0; i < 3; i++) at[k * 3 + i] = a[i * inner + k];
        for (long j = 0; j < 5; j++) bt[j * inner + k] = b[k * 5 + j];
      }
      const std::string what = text(inner, " products, ", input.name, ": ");
      expect_error(error_of_products(matmul(a, b), c, size), 30, what + "a b");
      expect_error(error_of_products(matmul_transposed_b(a, bt), c, size), 30, what + "a b^T");
      expect_error(error_of_products(matmul_transposed_a(at, b), c, size), 8, what + "a^T b");
    }
}

TEST(Accuracy, OfAnEmbeddingUsedOften) {
  Rng rng(8);
  for (const Input& input : inputs()) {
    const Tensor dy = input.make({100'000, 2}, rng);
    std::vector<exact> sum(2), size(2);
    for (long i = 0; i < dy.size(); i++)
      sum[i % 2] += number(dy, i), size[i % 2] += std::abs(number(dy, i));
    const Tensor dtable = scatter_add_rows(dy, std::vector<int>(100'000, 0), 1);
    expect_error(error_of_products(dtable, sum, size), 20, text("embedding, ", input.name));
  }
}

// Sums of the same triples as in the reference, and the sum of their sizes.
struct ConvSums {
  std::vector<exact> y, y_size, dx, dx_size, dw, dw_size;
};
ConvSums exact_conv(const Conv2dShape& q, const Tensor& x, const Tensor& w, const Tensor& dy) {
  ConvSums s;
  for (std::vector<exact>* v : {&s.y, &s.y_size}) v->resize(q.y().size());
  for (std::vector<exact>* v : {&s.dx, &s.dx_size}) v->resize(q.x().size());
  for (std::vector<exact>* v : {&s.dw, &s.dw_size}) v->resize(q.weight().size());
  for (long p = 0; p < q.n * q.oh * q.ow; p++)
    for (long tap = 0; tap < q.r * q.s; tap++) {
      const long n = p / q.ow / q.oh, row = p / q.ow % q.oh * q.stride.h + tap / q.s - q.pad.h,
                 col = p % q.ow * q.stride.w + tap % q.s - q.pad.w;
      if (row < 0 || row >= q.h || col < 0 || col >= q.w) continue;
      for (long c = 0; c < q.c; c++)
        for (long k = 0; k < q.k; k++) {
          const auto at_x = static_cast<std::size_t>(((n * q.h + row) * q.w + col) * q.c + c),
                     at_w = static_cast<std::size_t>((tap * q.c + c) * q.k + k),
                     at_y = static_cast<std::size_t>(p * q.k + k);
          const exact u = number(x, static_cast<long>(at_x)),
                      v = number(w, static_cast<long>(at_w)),
                      g = number(dy, static_cast<long>(at_y));
          s.y[at_y] += u * v, s.y_size[at_y] += std::abs(u * v);
          s.dx[at_x] += g * v, s.dx_size[at_x] += std::abs(g * v);
          s.dw[at_w] += u * g, s.dw_size[at_w] += std::abs(u * g);
        }
    }
  return s;
}

// Winograd's transforms mix the 36 numbers of a tile with factors of up to 8, so its error is
// relative to the largest sum of sizes, not to that of each element.
exact error_of_conv(const Tensor& actual, const std::vector<exact>& expected,
                    const std::vector<exact>& size, bool is_winograd) {
  return is_winograd ? error_of(actual, expected, *std::max_element(size.begin(), size.end()))
                     : error_of_products(actual, expected, size);
}

// BLAS adds the pixels of a slab, up to some thousand, without a break.
// BLAS adds the pixels of a slab, up to some thousand, without a break.
TEST(Accuracy, OfConvolutions) {
  Rng rng(9);
  struct Size {
    Shape x;
    long k;
    Conv2dOptions options;
  };
  for (const auto& [shape, k, options] :
       {Size{{1, 1, 10'000, 2}, 3, {.pad = 1}}, Size{{1, 64, 64, 3}, 2, {.pad = 1}},
        Size{{1, 4, 3'000, 2}, 2, {.stride = 2, .pad = 1}}, Size{{1, 4, 4, 128}, 3, {.pad = 1}}})
    for (const Input& input : inputs())
      for (const Conv2dFunctions* algorithm : {&blas_conv2d, &direct_conv2d, &winograd_conv2d}) {
        const Tensor x = input.make(shape, rng), w = uniform({3, 3, shape[3], k}, rng, -1);
        const Conv2dShape q(shape, w.shape(), options);
        const bool is_winograd = algorithm == &winograd_conv2d;
        if (is_winograd && !winograd_supports(q)) continue;
        const Tensor dy = input.make(q.y(), rng);
        const ConvSums expected = exact_conv(q, x, w, dy);
        const std::string what =
            text(algorithm->name, ", ", shape, " to ", k, ", ", input.name, ": ");
        expect_error(error_of_conv(algorithm->y(q, x, w), expected.y, expected.y_size, is_winograd),
                     30, what + "y");
        expect_error(
            error_of_conv(algorithm->dx(q, dy, w), expected.dx, expected.dx_size, is_winograd), 30,
            what + "dx");
        expect_error(
            error_of_conv(algorithm->dw(q, x, dy), expected.dw, expected.dw_size, is_winograd),
            algorithm == &blas_conv2d ? 500 : 40, what + "dw");
      }
}

}  // namespace
}  // namespace excite
