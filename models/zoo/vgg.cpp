#include "models/zoo/vgg.h"

#include "models/network.h"

namespace excite {

VggDesign vgg16_bn() {
  return {.name = "vgg16_bn", .groups = {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}};
}
VggDesign small_vgg() {
  return {.name = "small_vgg", .groups = {{1, 4}, {2, 6}, {1, 8}}, .hidden = 12};
}

namespace {
constexpr long pooled_side = 7;  // images of any size are pooled to 7x7 before the linear layers
}  // namespace

// torchvision's names. They count every module of a list: convolution, batch norm, ReLU, pool.
Vgg::Vgg(const VggDesign& table, long classes, Rng& rng) : design(table) {
  long in = 3, number = 1, index = 0;
  for (const VggGroup& group : design.groups) {
    for (long i = 0; i < group.convs; i++, in = group.channels, index += 3) {
      convs.push_back({own(text("features.", index),
                           Conv2d(in, group.channels, 3, rng, {.pad = 1}, Bias::zero)),
                       own(text("features.", index + 1), BatchNorm2d(group.channels))});
      se.emplace_back();
      if (const auto with = se_in_stage(design.se, number))
        se.back() = own(text("features.", index, ".se"), SqueezeExcite(group.channels, *with, rng));
    }
    index++, number++;
  }
  for (const long out : {design.hidden, design.hidden, classes}) {
    linear.push_back(
        own(text("classifier.", 3 * linear.size()),
            Linear(linear.empty() ? pooled_side * pooled_side * in : design.hidden, out, rng)));
    if (design.dropout > 0 && linear.size() < 3)
      dropout.push_back(own("dropout", Dropout(static_cast<real>(design.dropout))));
  }
}

Var Vgg::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x, min_image_size());
  Var u = x;
  std::size_t i = 0;
  for (const VggGroup& group : design.groups) {
    for (const std::size_t end = i + static_cast<std::size_t>(group.convs); i < end; i++) {
      u = conv_norm_relu(convs[i], u, mode);
      if (se[i]) u = (*se[i])(u);
    }
    u = max_pool2d(u, {.kernel = 2, .stride = 2});
  }
  u = adaptive_avg_pool(u, pooled_side);
  u = channel_shuffle(reshape(u, {u.shape()[0], linear[0].w.shape()[0]}),
                      pooled_side * pooled_side);  // [H W, C] -> [C, H W], as in PyTorch
  for (std::size_t layer = 0; layer < 2; layer++) {
    u = relu(linear[layer](u));
    if (!dropout.empty()) u = dropout[layer](u, mode);
  }
  return linear[2](u);
}

}  // namespace excite
