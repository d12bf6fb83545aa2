#include "models/ensemble.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/softmax.h"

namespace excite {

// A probability may be too small for a real, so everything is computed from logarithms:
// log(e^a + e^b) = max(a, b) + log(1 + e^-|a - b|).
Tensor log_mean_probability(std::vector<Tensor> logits, const std::vector<double>& weights) {
  require(!logits.empty() && logits.size() == weights.size(), "ensemble: ", logits.size(),
          " models and ", weights.size(), " weights, expected one weight per model");
  if (logits.size() == 1) return std::move(logits.front());
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  Tensor sum;
  for (std::size_t m = 0; m < logits.size(); m++) {
    require<UsageError>(weights[m] > 0 && std::isfinite(total), "ensemble: a model has weight ",
                        weights[m], ", expected a finite number above 0");
    require(logits[m].shape() == logits[0].shape(), "ensemble: logits of shapes ",
            logits[m].shape(), " and ", logits[0].shape(), ", expected equal shapes");
    const auto log_weight = static_cast<real>(std::log(weights[m] / total));
    const Tensor log_p = log_softmax(logits[m]);
    sum = m == 0 ? map([=](real b) { return log_weight + b; }, log_p)
                 : map(
                       [=](real a, real b) {
                         b += log_weight;
                         return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
                       },
                       sum, log_p);
  }
  return sum;
}

std::vector<TrainedModel> load_models(const std::vector<std::string>& files,
                                      const ModelOverride& overrides, SameClasses same) {
  std::vector<TrainedModel> models;
  for (const std::string& file : files) {
    models.push_back(load_model(SafetensorsFile(file), overrides));
    const std::vector<std::string>&first = models.front().preprocessing.classes,
          &these = models.back().preprocessing.classes;
    const bool equal = same == SameClasses::by_name ? these == first : these.size() == first.size();
    require<FileError>(equal, "ensemble: the ", these.size(), " classes of ", file, " are not the ",
                       first.size(), " classes of ", files.front(), ", or are in another order");
  }
  return models;
}

}  // namespace excite
