#include "models/zoo/shake_shake.h"

#include "models/network.h"

namespace excite {

ShakeDesign shake_shake_26(long width) {
  const long k = width;
  return {.name = text("shake_shake_26_2x", k, "d"),
          .stem = 16,
          .stages = {{4, {{3, k}, {3, k}}},
                     {4, {{3, 2 * k, 2}, {3, 2 * k}}},
                     {4, {{3, 4 * k, 2}, {3, 4 * k}}}}};
}
ShakeDesign shake_even_29_2x4x64d() {
  return {.name = "shake_even_29_2x4x64d",
          .stem = 64,
          .stages = {{3, {{1, 256}, {3, 256, 1, 4}, {1, 256}}},
                     {3, {{1, 512}, {3, 512, 2, 4}, {1, 512}}},
                     {3, {{1, 1024}, {3, 1024, 2, 4}, {1, 1024}}}},
          .relu_at = ReluAt::end_of_block};
}
ShakeDesign small_shake() {
  return {.name = "small_shake",
          .stem = 4,
          .stages = {{2, {{3, 6}, {3, 6}}}, {1, {{3, 8, 2}, {3, 8}}}}};
}
ShakeDesign small_shake_bottleneck() {
  return {.name = "small_shake_bottleneck",
          .stem = 4,
          .stages = {{2, {{1, 4}, {3, 4, 1, 2}, {1, 8}}}, {1, {{1, 8}, {3, 8, 2, 2}, {1, 12}}}},
          .relu_at = ReluAt::end_of_block};
}

ShakeBranch::ShakeBranch(long in, const std::vector<BranchConv>& table,
                         const std::optional<SeOptions>& se_options, Rng& rng) {
  std::vector<long> widths{in};
  for (std::size_t i = 0; i < table.size(); i++) {
    convs.push_back({own(text("conv", i + 1), same_padding_conv(widths.back(), table[i], rng)),
                     own(text("bn", i + 1), BatchNorm2d(table[i].out))});
    widths.push_back(table[i].out);
  }
  if (!se_options || !in_branch(se_options->place)) return;
  const long middle = widths[table.size() - 1];
  const long channels = se_channels(se_options->place, in, middle, widths.back());
  se = PlacedSe{own("se", SqueezeExcite(channels, *se_options, rng)), se_options->place};
}

Var ShakeBranch::operator()(const Var& x, Mode mode) const {
  Var u = apply_se_at(Placement::pre, se, x);
  for (std::size_t i = 0; i + 1 < convs.size(); i++) u = conv_norm_relu(convs[i], u, mode);
  return apply_se_at(Placement::standard, se,
                     convs.back()(apply_se_at(Placement::inside, se, u), mode));
}

TwoPathShortcut::TwoPathShortcut(long in, long out, long stride, Rng& rng)
    : conv1(own("conv1", same_padding_conv(in, {1, out / 2, stride}, rng))),
      conv2(own("conv2", same_padding_conv(in, {1, out - out / 2, stride}, rng))),
      bn(own("bn", BatchNorm2d(out))) {}

Var TwoPathShortcut::operator()(const Var& x, Mode mode) const {
  return bn(concat_channels({conv1(x), conv2(shift(x, 1))}), mode);
}

ShakeBlock::ShakeBlock(long in, const std::vector<BranchConv>& convs, ReluAt at,
                       const ShakeOptions& shake, const std::optional<SeOptions>& se_options,
                       Rng& rng)
    : relu_at(at),
      branch1(own("branch1", ShakeBranch(in, convs, se_options, rng))),
      branch2(own("branch2", ShakeBranch(in, convs, se_options, rng))),
      mix(own("mix", Shake(shake))) {
  const long out = convs.back().out;
  long stride = 1;
  for (const BranchConv& c : convs) stride *= c.stride;
  if (se_options && !in_branch(se_options->place))
    se = PlacedSe{own("se", SqueezeExcite(out, *se_options, rng)), se_options->place};
  if (stride == 1 && in == out) return;
  if (at == ReluAt::start_of_branch)
    two_paths = own("shortcut", TwoPathShortcut(in, out, stride, rng));
  else
    projection = ConvNorm{own("downsample.0", same_padding_conv(in, {1, out, stride}, rng)),
                          own("downsample.1", BatchNorm2d(out))};
}

Var ShakeBlock::operator()(const Var& x, Mode mode) const {
  const Var u = relu_at == ReluAt::start_of_branch ? relu(x) : x;
  const Var sum = add(mix(branch1(u, mode), branch2(u, mode), mode),
                      apply_se_at(Placement::identity, se, shortcut(x, u, mode)));
  return apply_se_at(Placement::post, se, relu_at == ReluAt::end_of_block ? relu(sum) : sum);
}

Var ShakeBlock::shortcut(const Var& x, const Var& after_relu, Mode mode) const {
  if (two_paths) return (*two_paths)(after_relu, mode);
  return projection ? (*projection)(x, mode) : x;
}

ShakeNetwork::ShakeNetwork(const ShakeDesign& table, long classes, Rng& rng)
    : design(table),
      stem{own("conv1", Conv2d(3, table.stem, 3, rng, {.pad = 1})),
           own("bn1", BatchNorm2d(table.stem))},
      blocks(make_blocks(rng)),
      fc(own("fc", Linear(table.stages.back().branch.back().out, classes, rng))) {}

std::vector<ShakeBlock> ShakeNetwork::make_blocks(Rng& rng) {
  std::vector<ShakeBlock> all;
  for_each_block(design.stages, design.stem,
                 [&](long stage, long block, long in, const std::vector<BranchConv>& branch) {
                   all.push_back(own(layer_name(stage, block),
                                     ShakeBlock(in, branch, design.relu_at, design.shake,
                                                se_in_stage(design.se, stage), rng)));
                 });
  return all;
}

Var ShakeNetwork::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x);
  // Blocks that end with a ReLU expect one before the first block.
  const bool relu_first = design.relu_at == ReluAt::end_of_block;
  Var u = relu_first ? conv_norm_relu(stem, x, mode) : stem(x, mode);
  for (const ShakeBlock& block : blocks) u = block(u, mode);
  return fc(global_avg_pool(relu_first ? u : relu(u)));
}

}  // namespace excite
