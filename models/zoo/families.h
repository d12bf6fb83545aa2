// Each function adds the models of one family to the list of models.
#pragma once
#include "models/zoo/registry.h"

namespace excite {

// ResNet and SE-ResNet for CIFAR, those of ImageNet, and the Inception networks.
void add_cifar_resnets(std::vector<ModelEntry>& list);
void add_resnets(std::vector<ModelEntry>& list);
void add_inceptions(std::vector<ModelEntry>& list);
void add_others(std::vector<ModelEntry>& list);  // VGG, MobileNet, ShuffleNet
// Pre-activation and wide networks, Shake-Shake and airbench, for CIFAR.
void add_preact_resnets(std::vector<ModelEntry>& list);
void add_shake_shakes(std::vector<ModelEntry>& list);
void add_airbench(std::vector<ModelEntry>& list);

}  // namespace excite
