#include "models/mobilenet.h"

#include "models/network.h"

namespace excite {

MobilenetDesign mobilenet() {
  return {.name = "mobilenet", .stem = 32, .stages = {{1, 64, 1}, {2, 128, 2}, {2, 256, 2}, {6, 512, 2}, {2, 1024, 2}}};
}
MobilenetDesign small_mobilenet() { return {.name = "small_mobilenet", .stem = 4, .stages = {{1, 6, 1}, {2, 8, 2}, {1, 12, 2}}}; }

// Names are those of timm's mobilenetv1_100.
SeparableBlock::SeparableBlock(long in, long out, long stride, const std::optional<SeOptions>& with, Rng& rng)
    : depthwise{own("conv_dw", Conv2d(in, in, 3, rng, {.stride = stride, .pad = 1, .groups = in})), own("bn1", BatchNorm2d(in))},
      pointwise{own("conv_pw", Conv2d(in, out, 1, rng)), own("bn2", BatchNorm2d(out))} {
  if (with) se = own("se", SqueezeExcite(out, *with, rng));
}

Var SeparableBlock::operator()(const Var& x, Mode mode) const {
  const Var u = conv_norm_relu(pointwise, conv_norm_relu(depthwise, x, mode), mode);
  return se ? (*se)(u) : u;
}

Mobilenet::Mobilenet(const MobilenetDesign& table, long classes, Rng& rng)
    : design(table),
      stem{own("conv_stem", Conv2d(3, table.stem, 3, rng, {.stride = 2, .pad = 1})), own("bn1", BatchNorm2d(table.stem))},
      blocks(make_blocks(rng)),
      classifier(own("classifier", Linear(table.stages.back().channels, classes, rng))) {}

std::vector<SeparableBlock> Mobilenet::make_blocks(Rng& rng) {
  std::vector<SeparableBlock> all;
  long in = design.stem, number = 1;
  for (const MobileStage& stage : design.stages) {
    const std::optional<SeOptions> se = se_in_stage(design.se, number);
    for (long block = 0; block < stage.blocks; block++, in = stage.channels)
      all.push_back(own(text("blocks.", number - 1, ".", block), SeparableBlock(in, stage.channels, block == 0 ? stage.stride : 1, se, rng)));
    number++;
  }
  return all;
}

Var Mobilenet::operator()(const Var& x, Mode mode) const {
  require_pictures(design.name, x);
  Var u = conv_norm_relu(stem, x, mode);
  for (const SeparableBlock& block : blocks) u = block(u, mode);
  return classifier(global_avg_pool(u));
}

}  // namespace excite
