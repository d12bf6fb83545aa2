#include "models/fused/cifar_resnet.h"

#include "models/network.h"

namespace excite {

Var fused_forward(const SeBasicBlock& b, const Var& x, Mode mode) {
  return ResidualEnd({{b.conv1, b.bn1}, {b.conv2, b.bn2}}, &b.se, b.shortcut(x, mode))(x, mode);
}

Var fused_forward(const CifarSeResNet& net, const Var& x, Mode mode) {
  require_network_input("se_resnet", x);
  Var u = conv_norm_relu({net.conv1, net.bn1}, x, mode);
  for (const SeBasicBlock& block : net.blocks) u = block(u, mode);
  return net.fc(global_avg_pool(u));
}

}  // namespace excite
