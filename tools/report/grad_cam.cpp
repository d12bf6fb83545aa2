#include "tools/report/grad_cam.h"

#include <algorithm>
#include <cmath>

#include "autograd/hooks.h"
#include "core/check.h"

namespace excite {

namespace {

const Var& last_feature_maps(const std::vector<Var>& nodes, const Model& model) {
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const Shape& s = (*node)->value.shape();
    const bool has_pixels = s.rank() == 4 && s[1] * s[2] > 1;
    if (has_pixels && !(*node)->inputs.empty()) return *node;
  }
  throw Error(text("grad_cam: ", model.name,
                   " has no feature maps of more than one pixel on this image; use a larger one"));
}

// sum over k of A[h, w, k] mean(g[., ., k]), for A and g [1, H, W, K]
std::vector<double> weighted_sum(const Tensor& maps, const Tensor& gradient) {
  const long channels = maps.dim(3), pixels = maps.size() / channels;
  std::vector<double> weights(channels), sum(pixels);
  for (long i = 0; i < gradient.size(); i++)
    weights[i % channels] += static_cast<double>(gradient[i]) / static_cast<double>(pixels);
  for (long i = 0; i < maps.size(); i++)
    sum[i / channels] += weights[i % channels] * static_cast<double>(maps[i]);
  return sum;
}

}  // namespace

HeatMap grad_cam(const Model& model, const Tensor& x, long label) {
  require(x.shape().rank() == 4 && x.dim(0) == 1 && label >= 0 && label < model.classes,
          "grad_cam: input ", x.shape(), " and label ", label, ", expected [1, H, W, 3] and 0 to ",
          model.classes - 1);
  const Var logits = model(x.clone(), Mode::eval);
  const std::vector<Var> nodes = graph(logits);
  const Var maps = last_feature_maps(nodes, model);
  Tensor gradient = zeros(maps.shape()), one_hot = zeros(logits.shape());
  one_hot[label] = 1;
  backward(logits, std::move(one_hot),
           {.before =
                [&](Node& node) {
                  if (&node == &*maps && !node.grad.empty()) gradient = node.grad.clone();
                },
            .after = {}});
  for (const Var& node : nodes) node->grad = Tensor();  // of the parameters

  HeatMap map{maps.shape()[1], maps.shape()[2], weighted_sum(maps->value, gradient)};
  const double largest = *std::max_element(map.values.begin(), map.values.end());
  for (double& v : map.values) v = largest > 0 ? std::max(0.0, v) / largest : 0;
  return map;
}

namespace {

// Bilinear, between the centers of the map's cells.
double interpolated(const HeatMap& map, double row, double column) {
  const double h = std::clamp(row, 0.0, static_cast<double>(map.height - 1)),
               w = std::clamp(column, 0.0, static_cast<double>(map.width - 1));
  const long top = static_cast<long>(h), left = static_cast<long>(w),
             bottom = std::min(top + 1, map.height - 1), right = std::min(left + 1, map.width - 1);
  const double v = h - static_cast<double>(top), u = w - static_cast<double>(left);
  const auto at = [&](long i, long j) { return map.values[i * map.width + j]; };
  return (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) +
         v * ((1 - u) * at(bottom, left) + u * at(bottom, right));
}

// The position of pixel i of `pixels` in a row of `cells` cells.
double position(long i, long pixels, long cells) {
  return (static_cast<double>(i) + 0.5) * static_cast<double>(cells) / static_cast<double>(pixels) -
         0.5;
}

}  // namespace

Image overlay(const Image& image, const HeatMap& map) {
  require_image(image, "overlay");
  constexpr double opacity = 0.6;  // where the map is 1
  Image drawn = image;
  for (long i = 0; i < image.height; i++)
    for (long j = 0; j < image.width; j++) {
      const double heat = interpolated(map, position(i, image.height, map.height),
                                       position(j, image.width, map.width));
      const double color[3] = {255, 220 * (1 - heat), 0};
      for (long c = 0; c < 3; c++) {
        std::uint8_t& pixel = drawn.pixels[(i * image.width + j) * 3 + c];
        pixel = static_cast<std::uint8_t>(
            std::lround((1 - opacity * heat) * pixel + opacity * heat * color[c]));
      }
    }
  return drawn;
}

}  // namespace excite
