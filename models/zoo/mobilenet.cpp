#include "models/zoo/mobilenet.h"

#include "models/network.h"

namespace excite {

MobilenetDesign mobilenet() {
  return {.name = "mobilenet",
          .stem = 32,
          .stages = {{1, {{3, 64}}},
                     {2, {{3, 128, 2}}},
                     {2, {{3, 256, 2}}},
                     {6, {{3, 512, 2}}},
                     {2, {{3, 1024, 2}}}}};
}
MobilenetDesign small_mobilenet() {
  return {.name = "small_mobilenet",
          .stem = 4,
          .stages = {{1, {{3, 6}}}, {2, {{3, 8, 2}}}, {1, {{3, 12, 2}}}}};
}

// The names are those of timm's mobilenetv1_100.
SeparableBlock::SeparableBlock(long in, const BranchConv& c,
                               const std::optional<SeOptions>& se_options, Rng& rng)
    : depthwise{own("conv_dw", same_padding_conv(in, {c.kernel, in, c.stride, in}, rng)),
                own("bn1", BatchNorm2d(in))},
      pointwise{own("conv_pw", same_padding_conv(in, {1, c.out}, rng)),
                own("bn2", BatchNorm2d(c.out))} {
  if (se_options) se = own("se", SqueezeExcite(c.out, *se_options, rng));
}

Var SeparableBlock::operator()(const Var& x, Mode mode) const {
  const Var u = conv_norm_relu(pointwise, conv_norm_relu(depthwise, x, mode), mode);
  return se ? (*se)(u) : u;
}

Mobilenet::Mobilenet(const MobilenetDesign& table, long classes, Rng& rng)
    : design(table),
      stem{own("conv_stem", Conv2d(3, table.stem, 3, rng, {.stride = 2, .pad = 1})),
           own("bn1", BatchNorm2d(table.stem))},
      blocks(make_blocks(rng)),
      classifier(own("classifier", Linear(table.stages.back().branch.back().out, classes, rng))) {}

std::vector<SeparableBlock> Mobilenet::make_blocks(Rng& rng) {
  std::vector<SeparableBlock> all;
  for_each_block(
      design.stages, design.stem,
      [&](long stage, long block, long in, const std::vector<BranchConv>& row) {
        all.push_back(own(text("blocks.", stage - 2, ".", block),
                          SeparableBlock(in, row[0], se_in_stage(design.se, stage - 1), rng)));
      });
  return all;
}

Var Mobilenet::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x);
  Var u = conv_norm_relu(stem, x, mode);
  for (const SeparableBlock& block : blocks) u = block(u, mode);
  return classifier(global_avg_pool(u));
}

}  // namespace excite
