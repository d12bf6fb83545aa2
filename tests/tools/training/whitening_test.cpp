#include "tools/training/whitening.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/kernels/conv2d.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/training_images.h"
#include "tools/data/batch.h"

namespace excite {
namespace {

// Of [[2, 1], [1, 2]]: 1 with (1, -1), and 3 with (1, 1), both divided by sqrt 2.
TEST(SymmetricEigen, OfAMatrixByHand) {
  const Eigen e = symmetric_eigen({2, 1, 1, 2}, 2);
  EXPECT_NEAR(e.values[0], 1, 1e-14);
  EXPECT_NEAR(e.values[1], 3, 1e-14);
  EXPECT_NEAR(std::abs(e.vectors[0]), std::sqrt(0.5), 1e-14);
  EXPECT_NEAR(e.vectors[0] + e.vectors[1], 0, 1e-14);
  EXPECT_NEAR(e.vectors[2] - e.vectors[3], 0, 1e-14);
}

TEST(SymmetricEigen, VectorsAreOrthonormalAndGiveTheMatrix) {
  constexpr long n = 12;
  Rng rng(0);
  std::vector<double> a(n * n);
  for (long i = 0; i < n; i++)
    for (long j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = rng.normal();
  const Eigen e = symmetric_eigen(a, n);
  for (long i = 0; i < n; i++)
    for (long j = 0; j < n; j++) {
      double product = 0, matrix = 0;
      for (long k = 0; k < n; k++) {
        product += e.vectors[i * n + k] * e.vectors[j * n + k];
        matrix += e.values[k] * e.vectors[k * n + i] * e.vectors[k * n + j];
      }
      EXPECT_NEAR(product, i == j, 1e-12);
      EXPECT_NEAR(matrix, a[i * n + j], 1e-12);
    }
}

// The outputs of the convolution have second moments of about 1, and products of about 0.
TEST(Whiten, MakesOutputsUncorrelatedAndOfEqualSize) {
  Rng rng(0);
  const Model model = make_model("se_airbench", {{"width", "8"}}, 10, rng);
  const Dataset data = noisy_images(20);
  const Normalization normalization = compute_normalization(data);
  whiten(model, data, normalization);
  const Tensor& w = model.module().state()[0].var->value;
  ASSERT_EQ(model.module().state()[0].name, "whiten.weight");
  const Tensor y = conv2d(to_tensors(data, normalization).x, w, {});
  const long pixels = y.size() / 24;
  for (long a = 0; a < 12; a++)
    for (long b = 0; b < 12; b++) {
      double sum = 0, with_negative = 0;
      for (long i = 0; i < pixels; i++) {
        sum += static_cast<double>(y[i * 24 + a] * y[i * 24 + b]);
        with_negative += static_cast<double>(y[i * 24 + a] * y[i * 24 + 12 + b]);
      }
      EXPECT_NEAR(sum / static_cast<double>(pixels), a == b, 0.02) << a << ", " << b;
      EXPECT_NEAR(with_negative, -sum, 1e-3 * static_cast<double>(pixels));
    }
}

TEST(Whiten, LeavesOtherModelsAsTheyAre) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {}, 10, rng);
  const Tensor before = model.module().state()[0].var->value.clone();
  whiten(model, noisy_images(4), {});
  EXPECT_TRUE(same_bits(model.module().state()[0].var->value, before));
}

}  // namespace
}  // namespace excite
