// The families of networks: each adds its lines to the list of models.
#pragma once
#include "models/registry.h"

namespace excite {

void add_cifar_resnets(std::vector<ModelEntry>& list);
void add_resnets(std::vector<ModelEntry>& list);
void add_inceptions(std::vector<ModelEntry>& list);

}  // namespace excite
