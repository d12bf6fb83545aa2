#include "models/cifar_resnet.h"

#include "core/check.h"

namespace excite {

BasicBlock::BasicBlock(long in, long out, long step, const CifarResnetOptions& options, Rng& rng)
    : conv1(own("conv1", Conv2d(in, out, 3, rng, {.stride = step, .pad = 1}))),
      bn1(own("bn1", BatchNorm2d(out))),
      conv2(own("conv2", Conv2d(out, out, 3, rng, {.pad = 1}))),
      bn2(own("bn2", BatchNorm2d(out))),
      widened(out - in),
      stride(step) {
  if (options.squeeze_excite) se = own("se", SqueezeExcite(out, options.reduction, rng, options.se_bias));
  if (options.shortcut == Shortcut::B && (stride > 1 || widened)) projection = own("downsample", Projection(in, out, stride, rng));
}

Var BasicBlock::operator()(const Var& x, Mode mode) const {
  const Var u = conv_norm_relu(conv1, bn1, x, mode);
  return conv_norm_excite_add_relu(conv2, bn2, se, u, shortcut(x, mode), mode);
}

Var BasicBlock::shortcut(const Var& x, Mode mode) const {
  if (projection) return (*projection)(x, mode);
  if (stride == 1 && !widened) return x;
  const Var every_second = avg_pool2d(x, {.kernel = 1, .stride = stride});
  const Shape& s = every_second.shape();
  return concat_channels({every_second, zeros({s[0], s[1], s[2], widened})});
}

CifarResnet::CifarResnet(const CifarResnetOptions& options, Rng& rng)
    : conv1(own("conv1", Conv2d(3, 16, 3, rng, {.pad = 1}))),
      bn1(own("bn1", BatchNorm2d(16))),
      blocks(stages(options, rng)),
      fc(own("fc", Linear(64, options.classes, rng))) {}

std::vector<BasicBlock> CifarResnet::stages(const CifarResnetOptions& options, Rng& rng) {
  require<UsageError>(options.depth >= 8 && options.depth % 6 == 2, "resnet", options.depth, ": a depth of 6 n + 2 is expected: 20, 32, 44, 56, 110");
  std::vector<BasicBlock> all;
  long in = 16;
  for (const long stage : {1, 2, 3})
    for (long block = 0, out = 8l << stage; block < (options.depth - 2) / 6; block++, in = out)
      all.push_back(own(text("layer", stage, ".", block), BasicBlock(in, out, stage > 1 && block == 0 ? 2 : 1, options, rng)));
  return all;
}

Var CifarResnet::operator()(const Var& x, Mode mode) const {
  require(x.shape().rank() == 4 && x.shape()[3] == 3, "resnet: input has shape ", x.shape(), ", expected [N, H, W, 3]");
  Var u = conv_norm_relu(conv1, bn1, x, mode);
  for (const BasicBlock& block : blocks) u = block(u, mode);
  return fc(global_avg_pool(u));
}

}  // namespace excite
