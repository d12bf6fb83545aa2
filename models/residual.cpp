#include "models/residual.h"

#include "models/network.h"

namespace excite {

Conv2d same_padding_conv(long in, const BranchConv& c, Rng& rng) {
  return Conv2d(in, c.out, c.kernel, rng,
                {.stride = c.stride, .pad = c.kernel / 2, .groups = c.groups});
}

namespace {
long total_stride(const std::vector<BranchConv>& convs) {
  long stride = 1;
  for (const BranchConv& c : convs) stride *= c.stride;
  return stride;
}
}  // namespace

ResidualBlock::ResidualBlock(long in, const std::vector<BranchConv>& convs, Shortcut kind,
                             const std::optional<SeOptions>& se_options, Rng& rng)
    : branch(make_branch(in, convs, rng)),
      se(make_se(in, convs, se_options, rng)),
      shortcut(
          own("downsample", ShortcutLayer(in, convs.back().out, total_stride(convs), kind, rng))) {}

std::vector<ConvNorm> ResidualBlock::make_branch(long in, const std::vector<BranchConv>& convs,
                                                 Rng& rng) {
  std::vector<ConvNorm> all;
  for (std::size_t i = 0; i < convs.size(); in = convs[i++].out)
    all.push_back({own(text("conv", i + 1), same_padding_conv(in, convs[i], rng)),
                   own(text("bn", i + 1), BatchNorm2d(convs[i].out))});
  return all;
}

std::optional<PlacedSe> ResidualBlock::make_se(long in, const std::vector<BranchConv>& convs,
                                               const std::optional<SeOptions>& se_options,
                                               Rng& rng) {
  if (!se_options) return {};
  const long middle = convs.size() > 1 ? convs[convs.size() - 2].out : in;
  const long channels = se_channels(se_options->place, in, middle, convs.back().out);
  return PlacedSe{own("se", SqueezeExcite(channels, *se_options, rng)), se_options->place};
}

Var ResidualBlock::operator()(const Var& x, Mode mode) const {
  Var u = apply_se_at(Placement::pre, se, x);
  const Var skip = apply_se_at(Placement::identity, se, shortcut(x, mode));
  if (se && se->place == Placement::after_relu) {
    for (const ConvNorm& c : branch) u = conv_norm_relu(c, u, mode);
    return relu(se->block(u) + skip);
  }
  auto first = branch.begin();  // of the convolutions after squeeze-and-excitation
  if (se && se->place == Placement::inside) {
    for (; first != branch.end() - 1; ++first) u = conv_norm_relu(*first, u, mode);
    u = se->block(u);
  }
  const SqueezeExcite* excite = se && se->place == Placement::standard ? &se->block : nullptr;
  const Var y = ResidualEnd({first, branch.end()}, excite, skip)(u, mode);
  return apply_se_at(Placement::post, se, y);
}

ResidualNetwork::ResidualNetwork(const ResidualDesign& table, long classes, Rng& rng)
    : design(table),
      stem(make_stem(rng)),
      blocks(make_blocks(rng)),
      fc(own("fc", Linear(table.stages.back().branch.back().out, classes, rng))) {
  if (table.dropout > 0) dropout = own("dropout", Dropout(static_cast<real>(table.dropout)));
}

// Names: conv1, bn1. With three convolutions timm's names, which count ReLUs too: conv1.0, conv1.1
// (bn), conv1.3, conv1.4 (bn), conv1.6, bn1.
std::vector<ConvNorm> ResidualNetwork::make_stem(Rng& rng) {
  std::vector<ConvNorm> all;
  long in = 3;
  const std::size_t last = design.stem.size() - 1;
  for (std::size_t i = 0; i <= last; in = design.stem[i++].out)
    all.push_back(
        {own(last == 0 ? "conv1" : text("conv1.", 3 * i),
             same_padding_conv(in, design.stem[i], rng)),
         own(i == last ? "bn1" : text("conv1.", 3 * i + 1), BatchNorm2d(design.stem[i].out))});
  return all;
}

std::vector<ResidualBlock> ResidualNetwork::make_blocks(Rng& rng) {
  std::vector<ResidualBlock> all;
  for_each_block(design.stages, design.stem.back().out,
                 [&](long stage, long block, long in, const std::vector<BranchConv>& branch) {
                   all.push_back(own(layer_name(stage, block),
                                     ResidualBlock(in, branch, design.shortcut,
                                                   se_in_stage(design.se, stage), rng)));
                 });
  return all;
}

// Padded convolutions accept any size. A pool without padding needs one whole window.
long ResidualNetwork::min_image_size() const {
  long side = design.pool && design.pool->pad == Size2(0) ? design.pool->kernel.h : 1;
  for (const BranchConv& c : design.stem) side = (side - 1) * c.stride + 1;
  return side;
}

Var ResidualNetwork::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x, min_image_size());
  Var u = x;
  for (const ConvNorm& c : stem) u = conv_norm_relu(c, u, mode);
  if (design.pool) u = max_pool2d(u, *design.pool);
  for (const ResidualBlock& block : blocks) u = block(u, mode);
  u = global_avg_pool(u);
  return fc(dropout ? (*dropout)(u, mode) : u);
}

}  // namespace excite
