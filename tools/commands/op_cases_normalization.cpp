// Cases of batch norm and layer norm, and of the fused operations.
#include "autograd/fused/fused_ops.h"
#include "tools/commands/op_case_parts.h"

namespace excite {

namespace {

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

OpCase layer_norm_case(const std::string& name, const Shape& x, double eps = layer_norm_eps,
                       real mean = 0) {
  const Shape channels{x[-1]};
  const auto inputs = [=](Rng& rng) {
    return Vars{normal(x, rng, mean), normal(channels, rng), normal(channels, rng)};
  };
  return {"layer_norm", name, [=](const Vars& in) { return layer_norm(in[0], in[1], in[2], eps); },
          inputs};
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

}  // namespace

std::vector<OpCase> normalization_cases() {
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
      layer_norm_case("rows", {4, 5}),
      layer_norm_case("images", {2, 2, 3, 4}),
      layer_norm_case("one row", {6}),
      layer_norm_case("more than eight channels", {3, 19}),
      layer_norm_case("eps 0.5", {3, 4}, 0.5),
      layer_norm_case("mean 100, deviation 1", {3, 5}, layer_norm_eps, 100),
      {"layer_norm",
       "one channel, so the gradients of x and gamma are zero",
       [](const Vars& in) { return layer_norm(in[0], in[1], in[2]); },
       normals({{5, 1}, {1}, {1}}),
       {0, 1}},
  };
}

std::vector<OpCase> fused_cases() {
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

}  // namespace excite
