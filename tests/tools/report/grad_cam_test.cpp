#include "tools/report/grad_cam.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "layers/conv2d.h"
#include "layers/linear.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// logits = fc(mean of relu(conv1x1(x))): the gradient of a logit in A[h, w, k] is fc[k, label] /
// HW.
struct Small : Module {
  Conv2d conv;
  Linear fc;
  explicit Small(Rng& rng)
      : conv(own("conv", Conv2d(3, 4, 1, rng))), fc(own("fc", Linear(4, 2, rng))) {}
  Var maps(const Var& x) const { return relu(conv(x)); }
  Var operator()(const Var& x) const { return fc(global_avg_pool(maps(x))); }
};

TEST(GradCam, IsTheWeightedSumOfTheLastFeatureMaps) {
  Rng rng(4);
  Small net(rng);
  const Tensor x = normal({1, 3, 5, 3}, rng);
  const Tensor maps = net.maps(x.clone())->value.clone(), w = net.fc.w->value.clone();
  const Var weight = net.conv.w;
  const Model model = as_model(std::move(net), {.name = "small", .classes = 2, .image_size = 5});
  const HeatMap map = grad_cam(model, x, 1);
  ASSERT_EQ(map.values.size(), 15u);
  std::vector<double> expected(15);
  for (long p = 0; p < 15; p++)
    for (long k = 0; k < 4; k++)
      expected[p] += static_cast<double>(maps[p * 4 + k]) * static_cast<double>(w[k * 2 + 1]) / 15;
  const double largest = *std::max_element(expected.begin(), expected.end());
  ASSERT_GT(largest, 0);
  for (long p = 0; p < 15; p++)
    EXPECT_NEAR(map.values[p], std::max(0.0, expected[p]) / largest, 1e-5);
  EXPECT_TRUE(weight->grad.empty()) << "the model's gradients are left as they were";
  EXPECT_TRUE(fails_saying([&] { grad_cam(model, x, 2); }, {"label 2", "0 to 1"}));
}

TEST(GradCam, HasTheSizeOfTheLastStage) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {}, 3, rng);
  const HeatMap map = grad_cam(model, normal({1, 32, 32, 3}, rng), 0);
  EXPECT_EQ(map.height, 8);
  EXPECT_EQ(map.width, 8);
  EXPECT_TRUE(fails_saying(
      [&] {
        grad_cam(model, normal({1, 1, 1, 3}, rng), 0);
      },
      {"se_resnet8 has no feature maps"}));
}

TEST(GradCam, OverlayColorsWhereTheMapIsLarge) {
  const Image gray{2, 4, std::vector<std::uint8_t>(24, 100)};
  const Image drawn = overlay(gray, {1, 2, {0, 1}});
  const auto pixel = [&](long i) {
    return std::vector<int>(drawn.pixels.begin() + 3 * i, drawn.pixels.begin() + 3 * i + 3);
  };
  EXPECT_EQ(pixel(0), (std::vector<int>{100, 100, 100}));
  EXPECT_EQ(pixel(3), (std::vector<int>{193, 40, 40}));  // 0.4 100 + 0.6 (255, 0, 0)
  // Pixel 1 is a quarter of the way between the centers: 0.85 100 + 0.15 (255, 165, 0).
  EXPECT_EQ(pixel(1), (std::vector<int>{123, 110, 85}));
}

}  // namespace
}  // namespace excite
