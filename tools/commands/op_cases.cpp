#include "tools/commands/op_cases.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/fused/fused_ops.h"

namespace excite {

namespace {

using Vars = std::vector<Var>;
using Inputs = std::function<Vars(Rng&)>;

// ---- inputs ----

// One tensor for each shape, filled by `draw`.
Inputs each(std::vector<Shape> shapes, std::function<Tensor(const Shape&, Rng&)> draw) {
  return [=](Rng& rng) {
    Vars in;
    for (const Shape& shape : shapes) in.push_back(draw(shape, rng));
    return in;
  };
}

Inputs normals(const std::vector<Shape>& shapes, real mean = 0, real deviation = 1) {
  return each(shapes,
              [=](const Shape& shape, Rng& rng) { return normal(shape, rng, mean, deviation); });
}

Inputs between(real low, real high, const std::vector<Shape>& shapes) {
  return each(shapes, [=](const Shape& shape, Rng& rng) { return uniform(shape, rng, low, high); });
}

// Numbers of both signs with |x| >= 0.1, for functions with a kink at 0.
Tensor away_from_zero(const Shape& shape, Rng& rng) {
  Tensor x = normal(shape, rng);
  for (real& v : x) v += v < 0 ? real(-0.1) : real(0.1);
  return x;
}

// The numbers 0, 0.1, 0.2, ... in random order. No two are nearly equal, so a small step does not
// change which one of a window is the maximum.
Tensor distinct(const Shape& shape, Rng& rng) {
  Tensor x(shape);
  for (long i = 0; i < x.size(); i++) {
    x[i] = real(0.1) * static_cast<real>(i);
    std::swap(x[i], x[rng.below(i + 1)]);
  }
  return x;
}

// ---- functions that make cases, so that most cases take one line ----

OpCase conv(const std::string& name, const Shape& x, const Shape& w,
            const Conv2dOptions& options = {}) {
  return {"conv2d", name, [=](const Vars& in) { return conv2d(in[0], in[1], options); },
          normals({x, w})};
}

OpCase max_pool(const std::string& name, const Shape& x, const Pool2dOptions& options) {
  return {"max_pool2d", name, [=](const Vars& in) { return max_pool2d(in[0], options); },
          each({x}, distinct)};
}

OpCase avg_pool(const std::string& name, const Shape& x, const Pool2dOptions& options) {
  return {"avg_pool2d", name, [=](const Vars& in) { return avg_pool2d(in[0], options); },
          normals({x})};
}

// Each call creates new running statistics, because batch_norm updates them.
Var new_batch_norm(const Var& x, const Var& gamma, const Var& beta, double eps = batch_norm_eps) {
  return batch_norm(x, gamma, beta, zeros(gamma.shape()), full(gamma.shape(), 1), eps);
}

Var running_batch_norm(const Vars& in) {
  Rng rng(1);
  const Shape channels = in[1].shape();
  const Tensor mean = normal(channels, rng), var = uniform(channels, rng, real(0.5), 2);
  return batch_norm_running(in[0], in[1], in[2], mean.clone(), var.clone());
}

OpCase batch_norm_case(const std::string& name, const Shape& x, double eps = batch_norm_eps,
                       real mean = 0, real deviation = 1) {
  const Shape channels{x[-1]};
  const auto inputs = [=](Rng& rng) {
    return Vars{normal(x, rng, mean, deviation), normal(channels, rng), normal(channels, rng)};
  };
  return {"batch_norm", name,
          [=](const Vars& in) { return new_batch_norm(in[0], in[1], in[2], eps); }, inputs};
}

Var squeeze_excite(const Var& u, const Var& w1, const Var& b1, const Var& w2, const Var& b2) {
  return scale_channels(u, sigmoid(linear(relu(linear(global_avg_pool(u), w1, b1)), w2, b2)));
}

// Inputs: u, gamma, beta, shortcut, and for a gate also w1, b1, w2, b2.
Var bn_se_add_relu_of(const Vars& in) {
  const Gate gate = [&](const Var& q) {
    return sigmoid(linear(relu(linear(q, in[4], in[5])), in[6], in[7]));
  };
  return bn_se_add_relu(in[0], in[1], in[2], zeros(in[1].shape()), full(in[1].shape(), 1),
                        in.size() > 4 ? gate : Gate(), in[3]);
}

// With a gate, it has half as many hidden numbers as channels.
OpCase bn_se_add_relu_case(const std::string& name, const Shape& u, bool with_gate) {
  const long c = u[-1], hidden = (c + 1) / 2;
  std::vector<Shape> shapes{u, {c}, {c}, u};
  if (with_gate) shapes.insert(shapes.end(), {{c, hidden}, {hidden}, {hidden, c}, {c}});
  return {"bn_se_add_relu", name, bn_se_add_relu_of, normals(shapes)};
}

// conv2d(relu(batch_norm(u)), w)
OpCase norm_relu_conv_case(const std::string& name, const Shape& u, const Shape& w,
                           const Conv2dOptions& options) {
  const auto op = [=](const Vars& in) {
    return batch_norm_relu_conv2d(in[0], in[1], in[2], zeros(in[1].shape()), full(in[1].shape(), 1),
                                  in[3], options)
        .u;
  };
  return {"batch_norm_relu_conv2d", name, op, normals({u, {u[-1]}, {u[-1]}, w})};
}

// ---- the lists, joined in op_cases() ----

std::vector<OpCase> arithmetic() {
  return {
      {"add", "two inputs", [](const Vars& in) { return add(in[0], in[1]); },
       normals({{2, 3}, {2, 3}})},
      {"add", "an input to itself", [](const Vars& in) { return add(in[0], in[0]); },
       normals({{2, 3}})},
      {"add", "one gradient shared by two sums",
       [](const Vars& in) { return add(add(in[0], in[1]), add(in[1], in[0])); },
       normals({{5}, {5}})},
      {"sub", "two inputs", [](const Vars& in) { return sub(in[0], in[1]); },
       normals({{2, 2, 3}, {2, 2, 3}})},
      {"sub",
       "an input from itself",
       [](const Vars& in) { return sub(in[0], in[0]); },
       normals({{2, 3}}),
       {0}},
      {"mul", "two inputs", [](const Vars& in) { return mul(in[0], in[1]); },
       normals({{2, 3}, {2, 3}})},
      {"mul", "an input by itself", [](const Vars& in) { return mul(in[0], in[0]); },
       normals({{2, 3}})},
      {"mul", "one number each", [](const Vars& in) { return mul(in[0], in[1]); },
       normals({Shape{}, Shape{}})},
      {"scale", "by -2.5", [](const Vars& in) { return scale(in[0], real(-2.5)); },
       normals({{2, 3}})},
      {"scale", "by 0", [](const Vars& in) { return scale(in[0], 0); }, normals({{2, 3}}), {0}},
      {"relu", "both sides of 0", [](const Vars& in) { return relu(in[0]); },
       each({{3, 2, 2, 3}}, away_from_zero)},
      {"sigmoid", "around 0", [](const Vars& in) { return sigmoid(in[0]); }, normals({{4, 3}})},
      {"sigmoid", "nearly saturated", [](const Vars& in) { return sigmoid(in[0]); },
       between(4, 6, {{4, 3}})},
      {"tanh", "around 0", [](const Vars& in) { return tanh(in[0]); }, normals({{4, 3}})},
      {"exp", "around 0", [](const Vars& in) { return exp(in[0]); }, normals({{4, 3}})},
      {"log", "above 0", [](const Vars& in) { return log(in[0]); },
       between(real(0.5), 2, {{4, 3}})},
      {"sqrt", "above 0", [](const Vars& in) { return sqrt(in[0]); },
       between(real(0.5), 2, {{4, 3}})},
      {"dropout", "p = 0.4",
       [](const Vars& in) {
         Rng rng(3);
         return dropout(in[0], real(0.4), rng);
       },
       normals({{4, 5}})},
      {"dropout", "p = 0",
       [](const Vars& in) {
         Rng rng(3);
         return dropout(in[0], 0, rng);
       },
       normals({{4, 5}})},
  };
}

std::vector<OpCase> products() {
  return {
      {"matmul", "3x4 by 4x2", [](const Vars& in) { return matmul(in[0], in[1]); },
       normals({{3, 4}, {4, 2}})},
      {"matmul", "a row by a column", [](const Vars& in) { return matmul(in[0], in[1]); },
       normals({{1, 5}, {5, 1}})},
      {"matmul", "a column by a row", [](const Vars& in) { return matmul(in[0], in[1]); },
       normals({{4, 1}, {1, 3}})},
      {"matmul", "a square", [](const Vars& in) { return matmul(in[0], in[0]); },
       normals({{3, 3}})},
      {"add_bias", "rows", [](const Vars& in) { return add_bias(in[0], in[1]); },
       normals({{3, 4}, {4}})},
      {"add_bias", "images", [](const Vars& in) { return add_bias(in[0], in[1]); },
       normals({{2, 2, 3, 4}, {4}})},
      {"linear", "5 to 3", [](const Vars& in) { return linear(in[0], in[1], in[2]); },
       normals({{4, 5}, {5, 3}, {3}})},
      {"linear", "one image, one output",
       [](const Vars& in) { return linear(in[0], in[1], in[2]); }, normals({{1, 5}, {5, 1}, {1}})},
  };
}

std::vector<OpCase> convolutions() {
  return {
      conv("1x1", {2, 3, 4, 3}, {1, 1, 3, 5}),
      conv("1x1, stride 2", {2, 5, 4, 3}, {1, 1, 3, 4}, {.stride = 2}),
      conv("1x1, stride 3x2, padded", {1, 5, 5, 2}, {1, 1, 2, 3}, {.stride = {3, 2}, .pad = 1}),
      conv("1x1, groups 2", {2, 3, 3, 4}, {1, 1, 2, 6}, {.groups = 2}),
      conv("3x3", {2, 5, 4, 3}, {3, 3, 3, 4}),
      conv("3x3, pad 1", {2, 4, 5, 3}, {3, 3, 3, 4}, {.pad = 1}),
      conv("3x3, pad 1, one channel in and out", {2, 4, 4, 1}, {3, 3, 1, 1}, {.pad = 1}),
      conv("3x3, pad 1, an image of one pixel", {2, 1, 1, 3}, {3, 3, 3, 2}, {.pad = 1}),
      conv("3x3, pad 1, 16 channels", {1, 5, 6, 16}, {3, 3, 16, 16}, {.pad = 1}),
      conv("3x3, pad 1, 3 to 16 channels", {1, 6, 6, 3}, {3, 3, 3, 16}, {.pad = 1}),
      conv("3x3, pad 2x0", {1, 3, 5, 2}, {3, 3, 2, 3}, {.pad = {2, 0}}),
      conv("3x3, pad 3, windows that see only zeros", {1, 3, 3, 2}, {3, 3, 2, 3}, {.pad = 3}),
      conv("3x3, stride 2, pad 1, even image", {2, 6, 6, 2}, {3, 3, 2, 3}, {.stride = 2, .pad = 1}),
      conv("3x3, stride 2, pad 1, odd image", {2, 5, 7, 2}, {3, 3, 2, 3}, {.stride = 2, .pad = 1}),
      conv("3x3, stride 2x1", {1, 5, 5, 2}, {3, 3, 2, 3}, {.stride = {2, 1}, .pad = 1}),
      conv("3x3, stride 2, a last row outside all windows", {1, 6, 6, 2}, {3, 3, 2, 3},
           {.stride = 2}),
      conv("3x3, stride 4, pixels between windows", {1, 8, 8, 2}, {3, 3, 2, 2}, {.stride = 4}),
      conv("3x3, dilation 2", {1, 6, 7, 2}, {3, 3, 2, 3}, {.pad = 2, .dilation = 2}),
      conv("3x3, dilation 2x1, stride 1x2", {1, 6, 6, 2}, {3, 3, 2, 3},
           {.stride = {1, 2}, .pad = 1, .dilation = {2, 1}}),
      conv("3x3, groups 2", {2, 4, 4, 4}, {3, 3, 2, 6}, {.pad = 1, .groups = 2}),
      conv("3x3, groups 3, stride 2", {1, 5, 5, 6}, {3, 3, 2, 3},
           {.stride = 2, .pad = 1, .groups = 3}),
      conv("3x3, depthwise", {2, 4, 5, 6}, {3, 3, 1, 6}, {.pad = 1, .groups = 6}),
      conv("3x3, depthwise, stride 2", {1, 6, 5, 4}, {3, 3, 1, 4},
           {.stride = 2, .pad = 1, .groups = 4}),
      conv("3x3, depthwise, two outputs per channel", {1, 4, 4, 3}, {3, 3, 1, 6},
           {.pad = 1, .groups = 3}),
      conv("5x5, pad 2", {1, 6, 5, 2}, {5, 5, 2, 3}, {.pad = 2}),
      conv("5x5, stride 2, pad 1", {1, 7, 7, 2}, {5, 5, 2, 2}, {.stride = 2, .pad = 1}),
      conv("5x5, depthwise, dilation 2", {1, 9, 9, 2}, {5, 5, 1, 2},
           {.pad = 2, .dilation = 2, .groups = 2}),
      conv("7x7, stride 2, pad 3", {1, 9, 8, 2}, {7, 7, 2, 2}, {.stride = 2, .pad = 3}),
      conv("1x7, pad 0x3", {1, 3, 8, 2}, {1, 7, 2, 3}, {.pad = {0, 3}}),
      conv("7x1, pad 3x0", {1, 8, 3, 2}, {7, 1, 2, 3}, {.pad = {3, 0}}),
      conv("2x2, stride 2", {2, 4, 4, 2}, {2, 2, 2, 3}, {.stride = 2}),
      conv("2x3, pad 1", {1, 4, 4, 2}, {2, 3, 2, 2}, {.pad = 1}),
      conv("4x4, as large as the image", {2, 4, 4, 3}, {4, 4, 3, 2}),
      conv("5x5, larger than the image without its padding", {1, 3, 3, 2}, {5, 5, 2, 2},
           {.pad = 1}),
      {"conv2d", "only the weights require a gradient",
       [](const Vars& in) {
         Rng rng(1);
         return conv2d(normal({2, 4, 4, 3}, rng), in[0], {.pad = 1});
       },
       normals({{3, 3, 3, 2}})},
      {"conv2d", "only the images require a gradient",
       [](const Vars& in) {
         Rng rng(1);
         return conv2d(in[0], normal({3, 3, 3, 2}, rng), {.pad = 1});
       },
       normals({{2, 4, 4, 3}})},
  };
}

std::vector<OpCase> normalization() {
  return {
      batch_norm_case("images", {3, 2, 2, 3}),
      batch_norm_case("rows", {6, 4}),
      batch_norm_case("one channel", {2, 3, 3, 1}),
      batch_norm_case("one image", {1, 3, 3, 2}),
      batch_norm_case("two values per channel", {2, 1, 1, 3}, 0.1),
      batch_norm_case("eps 0.5", {3, 2, 2, 2}, 0.5),
      batch_norm_case("mean 100, deviation 1", {3, 2, 2, 2}, batch_norm_eps, 100),
      batch_norm_case("deviation 0.01", {3, 2, 2, 2}, batch_norm_eps, 0, real(0.01)),
      {"batch_norm",
       "gamma 0, so the gradient of x is zero",
       [](const Vars& in) { return new_batch_norm(in[0], in[1], in[2]); },
       [](Rng& rng) {
         return Vars{normal({3, 2, 2, 2}, rng), zeros({2}), normal({2}, rng)};
       },
       {0}},
      {"batch_norm_running", "images", running_batch_norm, normals({{2, 2, 3, 3}, {3}, {3}})},
      {"batch_norm_running", "rows", running_batch_norm, normals({{5, 4}, {4}, {4}})},
      {"batch_norm_running", "one value per channel", running_batch_norm,
       normals({{1, 1, 1, 4}, {4}, {4}})},
  };
}

std::vector<OpCase> fused() {
  const auto norm_relu = [](const Vars& in) {
    return batch_norm_relu(in[0], in[1], in[2], zeros(in[1].shape()), full(in[1].shape(), 1));
  };
  const auto with_moments = [](const Vars& in) {
    return batch_norm_relu(conv2d_with_moments(in[0], in[1], {.pad = 1}), in[2], in[3],
                           zeros(in[2].shape()), full(in[2].shape(), 1));
  };
  const auto identity_gate = [](const Vars& in) {
    return bn_se_add_relu(
        in[0], in[1], in[2], zeros({3}), full({3}, 1), [](const Var& q) { return q; }, in[0]);
  };
  return {
      {"batch_norm_relu", "images", norm_relu, normals({{3, 2, 3, 3}, {3}, {3}})},
      {"batch_norm_relu", "one image", norm_relu, normals({{1, 3, 3, 9}, {9}, {9}})},
      {"batch_norm_relu", "mean 100, deviation 1", norm_relu,
       [](Rng& rng) {
         return Vars{normal({3, 2, 2, 2}, rng, 100), normal({2}, rng), normal({2}, rng)};
       }},
      {"conv2d_with_moments", "and a batch_norm that uses its moments", with_moments,
       normals({{2, 4, 3, 8}, {3, 3, 8, 8}, {8}, {8}})},
      norm_relu_conv_case("3x3, 8 channels", {2, 4, 5, 8}, {3, 3, 8, 8}, {.pad = 1}),
      norm_relu_conv_case("3x3, stride 2", {2, 4, 5, 3}, {3, 3, 3, 4}, {.stride = 2, .pad = 1}),
      norm_relu_conv_case("1x1", {2, 3, 2, 4}, {1, 1, 4, 5}, {}),
      bn_se_add_relu_case("with a gate", {3, 2, 3, 4}, true),
      bn_se_add_relu_case("with a gate, one pixel", {4, 1, 1, 3}, true),
      bn_se_add_relu_case("without a gate", {3, 2, 2, 9}, false),
      {"bn_se_add_relu", "the squeeze as the gate, the input as the shortcut", identity_gate,
       normals({{2, 2, 2, 3}, {3}, {3}})},
  };
}

std::vector<OpCase> pools() {
  return {
      max_pool("2x2", {2, 4, 4, 2}, {}),
      max_pool("2x2, odd image", {1, 5, 5, 2}, {}),
      max_pool("3x3, stride 2, pad 1", {2, 6, 5, 2}, {.kernel = 3, .pad = 1}),
      max_pool("3x3, stride 1, overlapping windows", {1, 5, 5, 2},
               {.kernel = 3, .stride = 1, .pad = 1}),
      max_pool("3x3, stride 2, ceil", {1, 6, 6, 2}, {.kernel = 3, .ceil = true}),
      max_pool("2x3, stride 1x2, pad 1x0", {1, 4, 6, 2},
               {.kernel = {2, 3}, .stride = {1, 2}, .pad = {1, 0}}),
      avg_pool("2x2", {2, 4, 4, 2}, {}),
      avg_pool("1x1, stride 2", {2, 4, 5, 2}, {.kernel = 1}),
      avg_pool("3x3, stride 1, padding counts", {1, 4, 5, 2}, {.kernel = 3, .stride = 1, .pad = 1}),
      avg_pool("3x3, stride 1, padding does not count", {1, 4, 5, 2},
               {.kernel = 3, .stride = 1, .pad = 1, .count_padding = false}),
      avg_pool("3x3, stride 2, ceil, padding counts", {1, 6, 6, 2},
               {.kernel = 3, .pad = 1, .ceil = true}),
      avg_pool("3x3, stride 2, ceil, padding does not count", {1, 6, 6, 2},
               {.kernel = 3, .pad = 1, .ceil = true, .count_padding = false}),
      avg_pool("2x3, stride 2x1", {1, 4, 5, 2}, {.kernel = {2, 3}, .stride = {2, 1}}),
      {"adaptive_avg_pool", "overlapping cells",
       [](const Vars& in) { return adaptive_avg_pool(in[0], 3); }, normals({{2, 4, 5, 2}})},
      {"adaptive_avg_pool", "more cells than pixels",
       [](const Vars& in) { return adaptive_avg_pool(in[0], 3); }, normals({{2, 1, 2, 2}})},
      {"global_avg_pool", "images", [](const Vars& in) { return global_avg_pool(in[0]); },
       normals({{2, 3, 4, 3}})},
      {"global_avg_pool", "one pixel", [](const Vars& in) { return global_avg_pool(in[0]); },
       normals({{2, 1, 1, 3}})},
      {"global_max_pool", "images", [](const Vars& in) { return global_max_pool(in[0]); },
       each({{2, 3, 4, 3}}, distinct)},
      {"global_max_pool", "one pixel", [](const Vars& in) { return global_max_pool(in[0]); },
       normals({{2, 1, 1, 3}})},
  };
}

std::vector<OpCase> channels() {
  const auto concat = [](const Vars& in) { return concat_channels(in); };
  const auto same_weights = [](const Vars& in) {
    const Var alpha = Tensor({3}, {real(0.3), 0, real(0.9)});
    return shake(in[0], in[1], alpha, alpha);
  };
  return {
      {"scale_channels", "images", [](const Vars& in) { return scale_channels(in[0], in[1]); },
       normals({{2, 3, 2, 4}, {2, 4}})},
      {"scale_channels", "one pixel, one channel",
       [](const Vars& in) { return scale_channels(in[0], in[1]); },
       normals({{3, 1, 1, 1}, {3, 1}})},
      {"scale_channels", "gates computed from u itself",
       [](const Vars& in) { return scale_channels(in[0], global_avg_pool(in[0])); },
       normals({{2, 3, 2, 4}})},
      {"concat_channels", "one part", concat, normals({{2, 2, 2, 3}})},
      {"concat_channels", "three parts", concat,
       normals({{2, 2, 2, 3}, {2, 2, 2, 1}, {2, 2, 2, 2}})},
      {"concat_channels", "rows", concat, normals({{3, 2}, {3, 4}})},
      {"concat_channels", "an input twice",
       [](const Vars& in) {
         return concat_channels({in[0], in[1], in[0]});
       },
       normals({{1, 2, 2, 2}, {1, 2, 2, 1}})},
      {"concat_channels", "an input and zeros",
       [](const Vars& in) {
         return concat_channels({in[0], zeros({1, 2, 2, 3})});
       },
       normals({{1, 2, 2, 2}})},
      {"shift", "down and to the right", [](const Vars& in) { return shift(in[0], 1); },
       normals({{2, 3, 4, 2}})},
      {"shift", "up, and more than half of the width to the left",
       [](const Vars& in) {
         return shift(in[0], {-1, -3});
       },
       normals({{1, 3, 4, 2}})},
      {"shake", "beta equals alpha", same_weights, normals({{3, 2, 2, 4}, {3, 2, 2, 4}})},
      {"channel_shuffle", "2 groups of 3", [](const Vars& in) { return channel_shuffle(in[0], 2); },
       normals({{2, 2, 2, 6}})},
      {"channel_shuffle", "4 groups of 2", [](const Vars& in) { return channel_shuffle(in[0], 4); },
       normals({{1, 2, 2, 8}})},
      {"reshape", "images to rows",
       [](const Vars& in) {
         return reshape(in[0], {2, 12});
       },
       normals({{2, 2, 3, 2}})},
      {"reshape", "one number", [](const Vars& in) { return reshape(in[0], {}); },
       normals({{1, 1}})},
  };
}

std::vector<OpCase> reductions() {
  return {
      {"sum", "images", [](const Vars& in) { return sum(in[0]); }, normals({{2, 2, 3, 2}})},
      {"sum", "of squares", [](const Vars& in) { return sum(mul(in[0], in[0])); },
       normals({{2, 3}})},
      {"mean", "images", [](const Vars& in) { return mean(in[0]); }, normals({{2, 2, 3, 2}})},
      {"mean", "one number", [](const Vars& in) { return mean(in[0]); }, normals({Shape{}})},
  };
}

std::vector<OpCase> classification() {
  const auto soft_targets = [](const Vars& in) {
    return cross_entropy(
        in[0], Tensor({2, 3}, {real(0.2), real(0.5), real(0.3), 0, real(0.9), real(0.1)}));
  };
  return {
      {"softmax", "rows", [](const Vars& in) { return softmax(in[0]); }, normals({{3, 4}})},
      {"softmax", "images", [](const Vars& in) { return softmax(in[0]); }, normals({{1, 2, 2, 3}})},
      {"log_softmax", "rows", [](const Vars& in) { return log_softmax(in[0]); }, normals({{3, 4}})},
      {"log_softmax", "logits around 300", [](const Vars& in) { return log_softmax(in[0]); },
       normals({{3, 4}}, 300)},
      {"cross_entropy", "labels",
       [](const Vars& in) {
         return cross_entropy(in[0], {2, 0, 3, 2});
       },
       normals({{4, 5}})},
      {"cross_entropy", "one image, two classes",
       [](const Vars& in) { return cross_entropy(in[0], {1}); }, normals({{1, 2}})},
      {"cross_entropy", "labels smoothed by 0.1",
       [](const Vars& in) {
         return cross_entropy(in[0], {2, 0, 3, 2}, real(0.1));
       },
       normals({{4, 5}})},
      {"cross_entropy", "soft targets", soft_targets, normals({{2, 3}})},
  };
}

std::vector<OpCase> composed() {
  const auto conv_norm_relu = [](const Vars& in) {
    return relu(new_batch_norm(conv2d(in[0], in[1], {.pad = 1}), in[2], in[3]));
  };
  const auto se_block = [](const Vars& in) {
    return squeeze_excite(in[0], in[1], in[2], in[3], in[4]);
  };
  const auto residual = [](const Vars& in) {
    return relu(add(new_batch_norm(conv2d(in[0], in[1], {.pad = 1}), in[2], in[3]), in[0]));
  };
  const auto bias_before_norm = [](const Vars& in) {
    return new_batch_norm(add_bias(conv2d(in[0], in[1]), in[2]), in[3], in[4]);
  };
  const auto two_layers = [](const Vars& in) {
    return cross_entropy(linear(tanh(linear(in[0], in[1], in[2])), in[3], in[4]), {0, 2, 1});
  };
  return {
      {"composed", "convolution, batch_norm, relu", conv_norm_relu,
       normals({{2, 3, 3, 2}, {3, 3, 2, 3}, {3}, {3}})},
      {"composed", "squeeze and excite", se_block,
       normals({{3, 2, 2, 4}, {4, 2}, {2}, {2, 4}, {4}})},
      {"composed", "a residual block", residual, normals({{2, 3, 3, 2}, {3, 3, 2, 2}, {2}, {2}})},
      {"composed",
       "a bias that batch_norm cancels",
       bias_before_norm,
       normals({{2, 3, 3, 2}, {1, 1, 2, 3}, {3}, {3}, {3}}),
       {2}},
      {"composed", "a perceptron with two layers, and its loss", two_layers,
       normals({{3, 4}, {4, 5}, {5}, {5, 3}, {3}})},
  };
}

}  // namespace

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> list = [] {
    std::vector<OpCase> all;
    for (const auto part : {arithmetic, products, convolutions, normalization, fused, pools,
                            channels, reductions, classification, composed})
      for (OpCase& c : part()) all.push_back(std::move(c));
    return all;
  }();
  return list;
}

}  // namespace excite
