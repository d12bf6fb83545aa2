#include "tools/commands/op_cases.h"

#include <cmath>
#include <utility>

#include "tools/commands/op_case_parts.h"

namespace excite {

namespace {

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
      {"div", "two inputs", [](const Vars& in) { return div(in[0], in[1]); },
       each({{2, 3}, {2, 3}}, away_from_zero)},
      {"div",
       "an input by itself",
       [](const Vars& in) { return div(in[0], in[0]); },
       each({{2, 3}}, away_from_zero),
       {0}},
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
      {"pow", "cubes", [](const Vars& in) { return pow(in[0], 3); }, normals({{4, 3}})},
      {"pow", "inverse roots", [](const Vars& in) { return pow(in[0], real(-0.5)); },
       between(real(0.5), 2, {{4, 3}})},
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

std::vector<OpCase> activations() {
  // Between, below and above the kinks at -3 and 3.
  const auto around_kinks = [](const Shape& shape, Rng& rng) {
    Tensor x = uniform(shape, rng, real(-2.9), real(2.9));
    for (long i = 0; i < x.size(); i += 3) x[i] += x[i] < 0 ? real(-3) : real(3);
    for (real& v : x)
      if (std::abs(std::abs(v) - 3) < real(0.05)) v /= 2;
    return x;
  };
  return {
      {"hard_sigmoid", "between and outside its kinks",
       [](const Vars& in) { return hard_sigmoid(in[0]); }, each({{5, 4}}, around_kinks)},
      {"hard_sigmoid", "between its kinks", [](const Vars& in) { return hard_sigmoid(in[0]); },
       between(real(-2.9), real(2.9), {{2, 2, 3, 2}})},
      {"leaky_relu", "both sides of 0", [](const Vars& in) { return leaky_relu(in[0], real(0.2)); },
       each({{3, 2, 2, 3}}, away_from_zero)},
      {"silu", "around 0", [](const Vars& in) { return silu(in[0]); }, normals({{4, 3}})},
      {"silu", "nearly linear", [](const Vars& in) { return silu(in[0]); },
       between(4, 6, {{4, 3}})},
      {"silu", "nearly 0", [](const Vars& in) { return silu(in[0]); }, between(-6, -4, {{4, 3}})},
      {"gelu", "around 0", [](const Vars& in) { return gelu(in[0]); }, normals({{4, 3}})},
      {"gelu", "nearly linear", [](const Vars& in) { return gelu(in[0]); },
       between(2, 4, {{4, 3}})},
      {"gelu", "nearly 0", [](const Vars& in) { return gelu(in[0]); }, between(-4, -2, {{4, 3}})},
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
      {"embedding", "some rows twice, one not at all",
       [](const Vars& in) {
         return embedding(in[0], {3, 0, 3, 1, 0});
       },
       normals({{4, 3}})},
      {"embedding", "one row", [](const Vars& in) { return embedding(in[0], {0}); },
       normals({{1, 20}})},
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
      {"scale_channels", "images, one factor per channel",
       [](const Vars& in) { return scale_channels(in[0], in[1]); }, normals({{2, 3, 2, 4}, {4}})},
      {"scale_channels", "rows, one factor per channel",
       [](const Vars& in) { return scale_channels(in[0], in[1]); }, normals({{3, 4}, {4}})},
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
      {"slice_channels", "of images", [](const Vars& in) { return slice_channels(in[0], 1, 2); },
       normals({{2, 2, 3, 4}})},
      {"slice_channels", "all of them", [](const Vars& in) { return slice_channels(in[0], 0, 4); },
       normals({{3, 4}})},
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

Var squeeze_excite(const Var& u, const Var& w1, const Var& b1, const Var& w2, const Var& b2) {
  return scale_channels(u, sigmoid(linear(relu(linear(global_avg_pool(u), w1, b1)), w2, b2)));
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
  const auto residual_mlp = [](const Vars& in) {
    const Var h = gelu(linear(layer_norm(in[0], in[1], in[2]), in[3], in[4]));
    return in[0] + linear(h, in[5], in[6]);
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
      {"composed", "layer_norm, linear, gelu, linear, and a shortcut", residual_mlp,
       normals({{3, 4}, {4}, {4}, {4, 6}, {6}, {6, 4}, {4}})},
  };
}

}  // namespace

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> list = [] {
    std::vector<OpCase> all;
    for (const auto part :
         {arithmetic, activations, products, convolution_cases, normalization_cases, fused_cases,
          pool_cases, channels, reductions, loss_cases, composed})
      for (OpCase& c : part()) all.push_back(std::move(c));
    return all;
  }();
  return list;
}

}  // namespace excite
