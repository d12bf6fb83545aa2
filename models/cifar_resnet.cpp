#include "models/cifar_resnet.h"

#include "core/check.h"

namespace excite {

ResidualDesign cifar_resnet(long depth, Shortcut shortcut, const std::optional<SeOptions>& se) {
  require<UsageError>(depth >= 8 && depth % 6 == 2, "resnet", depth,
                      ": expected a depth of 6 n + 2, such as 20, 32, 44, 56 or 110");
  const long n = (depth - 2) / 6;
  return {.name = text(se ? "se_resnet" : "resnet", depth),
          .stem = {{3, 16}},
          .stages = {{n, {{3, 16}, {3, 16}}},      // 32x32
                     {n, {{3, 32, 2}, {3, 32}}},   // 16x16
                     {n, {{3, 64, 2}, {3, 64}}}},  // 8x8
          .shortcut = shortcut,
          .se = se};
}

}  // namespace excite
