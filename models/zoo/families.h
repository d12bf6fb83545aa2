// Each function adds the models of one family to the list of models.
#pragma once
#include "models/zoo/registry.h"

namespace excite {

void add_cifar_resnets(std::vector<ModelEntry>& list);
void add_resnets(std::vector<ModelEntry>& list);
void add_inceptions(std::vector<ModelEntry>& list);
void add_others(std::vector<ModelEntry>& list);  // VGG, MobileNet, ShuffleNet
void add_preact_resnets(std::vector<ModelEntry>& list);
void add_shake_shakes(std::vector<ModelEntry>& list);

}  // namespace excite
