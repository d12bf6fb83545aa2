#include "models/residual.h"

#include "models/network.h"

namespace excite {

Conv2d same_padding_conv(long in, const BranchConv& c, Rng& rng) {
  return Conv2d(in, c.out, c.kernel, rng,
                {.stride = c.stride, .pad = c.kernel / 2, .groups = c.groups});
}

Var subsample(const Var& x, long stride, long new_channels) {
  if (stride == 1 && !new_channels) return x;
  const Var y = avg_pool2d(x, {.kernel = 1, .stride = stride});
  const Shape& s = y.shape();
  return new_channels ? concat_channels({y, zeros({s[0], s[1], s[2], new_channels})}) : y;
}

ResidualBlock::ResidualBlock(long in, const std::vector<BranchConv>& convs, Shortcut kind,
                             const std::optional<SeOptions>& se_options, Rng& rng)
    : new_channels(convs.back().out - in) {
  std::vector<long> widths{in};
  for (std::size_t i = 0; i < convs.size(); i++) {
    branch.push_back({own(text("conv", i + 1), same_padding_conv(widths.back(), convs[i], rng)),
                      own(text("bn", i + 1), BatchNorm2d(convs[i].out))});
    widths.push_back(convs[i].out);
    stride *= convs[i].stride;
  }
  const long out = widths.back();
  if (se_options) {
    const long middle = widths[convs.size() - 1];
    const long channels = se_channels(se_options->place, in, middle, out);
    se = PlacedSe{own("se", SqueezeExcite(channels, *se_options, rng)), se_options->place};
  }
  if (kind == Shortcut::A || (stride == 1 && !new_channels)) return;
  const long kernel = kind == Shortcut::B3 && stride > 1 ? 3 : 1;
  projection = ConvNorm{own("downsample.0", same_padding_conv(in, {kernel, out, stride}, rng)),
                        own("downsample.1", BatchNorm2d(out))};
}

Var ResidualBlock::operator()(const Var& x, Mode mode) const {
  const Var u = apply_se_at(Placement::pre, se, x),
            skip = apply_se_at(Placement::identity, se, shortcut(x, mode));
  const Chain chain(branch);
  if (se && se->place == Placement::standard)
    return chain_excite_add_relu(chain, se->block, u, skip, mode);
  if (se && se->place == Placement::inside)
    return chain_add_relu(chain.last(1),
                          se->block(chain_norm_relu(chain.first(chain.size() - 1), u, mode)), skip,
                          mode);
  if (se && se->place == Placement::after_relu)
    return relu(add(se->block(chain_norm_relu(chain, u, mode)), skip));
  return apply_se_at(Placement::post, se, chain_add_relu(chain, u, skip, mode));
}

Var ResidualBlock::shortcut(const Var& x, Mode mode) const {
  return projection ? conv_norm(*projection, x, mode) : subsample(x, stride, new_channels);
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
  Var u = chain_norm_relu(stem, x, mode);
  if (design.pool) u = max_pool2d(u, *design.pool);
  for (const ResidualBlock& block : blocks) u = block(u, mode);
  u = global_avg_pool(u);
  return fc(dropout ? (*dropout)(u, mode) : u);
}

}  // namespace excite
