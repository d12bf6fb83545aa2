// Several models as one: the mean of their probabilities, as in the fusion that won ILSVRC 2017 (Hu
// et al., arXiv 1709.01507, section 5.3).
#pragma once
#include <string>
#include <vector>

#include "models/interop/weights.h"

namespace excite {

// log of sum over m of share_m softmax(logits_m) / sum of shares: logits again, whose softmax is
// the mean. All [N, classes]; shares above 0, one a model. A single model's logits are returned as
// they are: rounded once more, two of them might become equal.
Tensor log_mean_probability(std::vector<Tensor> logits, const std::vector<double>& shares);

// Models that can be fused: FileError if two of them tell different classes apart. Where files give
// the same classes other names, their number counts.
enum class SameClasses { by_name, by_number };
std::vector<TrainedModel> load_models(const std::vector<std::string>& files,
                                      const ModelOverride& overrides = {},
                                      SameClasses same = SameClasses::by_name);

}  // namespace excite
