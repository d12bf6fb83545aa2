// Several models as one: the weighted mean of their probabilities, as in the ensemble that won
// ILSVRC 2017 (Hu et al., arXiv 1709.01507, section 5.3).
#pragma once
#include <string>
#include <vector>

#include "models/interop/weights.h"

namespace excite {

// log(sum_m weights[m] softmax(logits[m]) / sum_m weights[m]): logits whose softmax is the weighted
// mean of the models' probabilities. All logits are [N, classes]; one weight above 0 per model. The
// logits of a single model are returned unchanged, because rounding could make two of them equal.
Tensor log_mean_probability(std::vector<Tensor> logits, const std::vector<double>& weights);

// by_name: all models must have the same class names in the same order. by_number: the same number
// of classes, for files that name the same classes differently.
enum class SameClasses { by_name, by_number };

// Loads the models of an ensemble. FileError if their classes differ.
std::vector<TrainedModel> load_models(const std::vector<std::string>& files,
                                      const ModelOverride& overrides = {},
                                      SameClasses same = SameClasses::by_name);

}  // namespace excite
