#include "models/cifar_resnet.h"

#include "core/check.h"
#include "models/fused/cifar_resnet.h"
#include "models/network.h"

namespace excite {

long cifar_blocks_per_stage(long depth) {
  require<UsageError>(depth >= 8 && depth % 6 == 2, "resnet", depth,
                      ": expected a depth of 6 n + 2, such as 20, 32, 44, 56 or 110");
  return (depth - 2) / 6;
}

CifarSeResNet::CifarSeResNet(long depth, const SqueezeExciteOptions& se, Shortcut kind,
                             long classes, Rng& rng)
    : conv1(own("conv1", Conv2d(3, 16, 3, rng, {.pad = 1}))),
      bn1(own("bn1", BatchNorm2d(16))),
      blocks(make_blocks(depth, se, kind, rng)),
      fc(own("fc", Linear(64, classes, rng))) {}

// The first block of stages 2 and 3 halves height and width.
std::vector<SeBasicBlock> CifarSeResNet::make_blocks(long depth, const SqueezeExciteOptions& se,
                                                     Shortcut kind, Rng& rng) {
  std::vector<SeBasicBlock> all;
  long in = 16;
  for (const long stage : {1, 2, 3})
    for (long block = 0; block < cifar_blocks_per_stage(depth); block++) {
      const long out = 8 << stage, stride = block == 0 && stage > 1 ? 2 : 1;
      all.push_back(
          own(text("layer", stage, ".", block), SeBasicBlock(in, out, stride, se, kind, rng)));
      in = out;
    }
  return all;
}

Var CifarSeResNet::forward(const Var& x, Mode mode) const {
  require_network_input("se_resnet", x);
  Var u = relu(bn1(conv1(x), mode));  // [N, H, W, 16]
  for (const SeBasicBlock& block : blocks) u = block(u, mode);
  return fc(global_avg_pool(u));  // [N, H/4, W/4, 64] -> [N, 64] -> [N, classes]
}

}  // namespace excite
