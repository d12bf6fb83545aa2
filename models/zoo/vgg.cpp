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
constexpr long side = 7;  // of the grid that the last layers see, whatever the image's size
}  // namespace

// Names are torchvision's, which counts every module of a list: convolution, batch-norm, ReLU,
// pool.
Vgg::Vgg(const VggDesign& table, long classes, Rng& rng) : design(table) {
  long in = 3, number = 1, place = 0;
  for (const VggGroup& group : design.groups) {
    for (long i = 0; i < group.convs; i++, in = group.channels, place += 3) {
      convs.push_back({own(text("features.", place),
                           Conv2d(in, group.channels, 3, rng, {.pad = 1}, Bias::zero)),
                       own(text("features.", place + 1), BatchNorm2d(group.channels))});
      se.emplace_back();
      if (const auto with = se_in_stage(design.se, number))
        se.back() = own(text("features.", place, ".se"), SqueezeExcite(group.channels, *with, rng));
    }
    place++, number++;
  }
  for (const long out : {design.hidden, design.hidden, classes}) {
    linear.push_back(own(text("classifier.", 3 * linear.size()),
                         Linear(linear.empty() ? side * side * in : design.hidden, out, rng)));
    if (design.dropout > 0 && linear.size() < 3)
      dropout.push_back(own("dropout", Dropout(static_cast<real>(design.dropout))));
  }
}

Var Vgg::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x, smallest());
  Var u = x;
  std::size_t i = 0;
  for (const VggGroup& group : design.groups) {
    for (const std::size_t end = i + static_cast<std::size_t>(group.convs); i < end; i++) {
      u = conv_norm_relu(convs[i], u, mode);
      if (se[i]) u = (*se[i])(u);
    }
    u = max_pool2d(u, {.kernel = 2, .stride = 2});
  }
  u = adaptive_avg_pool(u, side);
  u = channel_shuffle(reshape(u, {u.shape()[0], linear[0].w.shape()[0]}),
                      side * side);  // channel by channel, as PyTorch has them
  for (std::size_t layer = 0; layer < 2; layer++) {
    u = relu(linear[layer](u));
    if (!dropout.empty()) u = dropout[layer](u, mode);
  }
  return linear[2](u);
}

}  // namespace excite
