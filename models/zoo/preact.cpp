#include "models/zoo/preact.h"

#include <utility>

#include "models/network.h"

namespace excite {

PreactDesign preact_resnet110() {
  return {.name = "preact_resnet110",
          .stages = {
              {18, {{3, 16}, {3, 16}}}, {18, {{3, 32, 2}, {3, 32}}}, {18, {{3, 64, 2}, {3, 64}}}}};
}
PreactDesign preact_resnet164() {
  return {.name = "preact_resnet164",
          .stages = {{18, {{1, 16}, {3, 16}, {1, 64}}},
                     {18, {{1, 32, 2}, {3, 32}, {1, 128}}},
                     {18, {{1, 64, 2}, {3, 64}, {1, 256}}}}};
}
PreactDesign wrn_16_8() {
  return {
      .name = "wrn_16_8",
      .stages = {
          {2, {{3, 128}, {3, 128}}}, {2, {{3, 256, 2}, {3, 256}}}, {2, {{3, 512, 2}, {3, 512}}}}};
}
PreactDesign small_preact() {
  return {.name = "small_preact",
          .stages = {{1, {{3, 4}, {3, 4}}}, {2, {{3, 8, 2}, {3, 8}}}},
          .stem = 4};
}
PreactDesign small_preact_bottleneck() {
  return {.name = "small_preact_bottleneck",
          .stages = {{1, {{1, 2}, {3, 2}, {1, 8}}}, {2, {{1, 4, 2}, {3, 4}, {1, 16}}}},
          .stem = 4};
}
PreactDesign with_stride_on_3x3(PreactDesign design) {
  for (Stage& stage : design.stages) std::swap(stage.branch[0].stride, stage.branch[1].stride);
  return design;
}

PreactBlock::PreactBlock(long in, const std::vector<BranchConv>& convs, Shortcut kind,
                         const std::optional<SeOptions>& se_options, Rng& rng)
    : first(own("bn1", BatchNorm2d(in))), new_channels(convs.back().out - in) {
  long width = in;
  for (std::size_t i = 0; i < convs.size(); i++) {
    Conv2d conv = own(text("conv", i + 1), same_padding_conv(width, convs[i], rng));
    if (i + 1 == convs.size())
      last = std::move(conv);
    else
      inner.push_back({std::move(conv), own(text("bn", i + 2), BatchNorm2d(convs[i].out))}),
          width = convs[i].out;
    stride *= convs[i].stride;
  }
  const long out = convs.back().out;
  if (se_options) {
    const long channels = se_channels(se_options->place, in, width, out);
    se = PlacedSe{own("se", SqueezeExcite(channels, *se_options, rng)), se_options->place};
  }
  if (kind == Shortcut::B && (stride > 1 || new_channels))
    projection = own("downsample", same_padding_conv(in, {1, out, stride}, rng));
}

Var PreactBlock::operator()(const Var& x, Mode mode) const {
  const Var u = norm_relu(first, x, mode);
  Var v = apply_se_at(Placement::pre, se, u);  // shortcut B takes u without se
  for (const ConvNorm& c : inner) v = conv_norm_relu(c, v, mode);
  v = apply_se_at(Placement::standard, se, (*last)(apply_se_at(Placement::inside, se, v)));
  const Var shortcut = projection ? (*projection)(u) : subsample(x, stride, new_channels);
  return apply_se_at(Placement::post, se, add(v, apply_se_at(Placement::identity, se, shortcut)));
}

PreactNetwork::PreactNetwork(const PreactDesign& table, long classes, Rng& rng)
    : design(table),
      conv1(own("conv1", Conv2d(3, table.stem, 3, rng, {.pad = 1}))),
      blocks(make_blocks(rng)),
      bn(own("bn", BatchNorm2d(table.stages.back().branch.back().out))),
      fc(own("fc", Linear(table.stages.back().branch.back().out, classes, rng))) {}

std::vector<PreactBlock> PreactNetwork::make_blocks(Rng& rng) {
  std::vector<PreactBlock> all;
  for_each_block(design.stages, design.stem,
                 [&](long stage, long block, long in, const std::vector<BranchConv>& branch) {
                   all.push_back(own(layer_name(stage, block),
                                     PreactBlock(in, branch, design.shortcut,
                                                 se_in_stage(design.se, stage), rng)));
                 });
  return all;
}

Var PreactNetwork::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x);
  Var u = conv1(x);
  for (const PreactBlock& block : blocks) u = block(u, mode);
  return fc(global_avg_pool(norm_relu(bn, u, mode)));
}

}  // namespace excite
