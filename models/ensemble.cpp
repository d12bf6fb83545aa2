#include "models/ensemble.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/softmax.h"

namespace excite {

// A probability may be too small for a real, so everything stays in logarithms: log(e^a + e^b) =
// max(a, b) + log(1 + e^-|a - b|).
Tensor log_mean_probability(std::vector<Tensor> logits, const std::vector<double>& shares) {
  require(!logits.empty() && logits.size() == shares.size(), "fusion: ", logits.size(),
          " models with ", shares.size(), " shares, expected one each");
  if (logits.size() == 1) return std::move(logits.front());
  const double whole = std::accumulate(shares.begin(), shares.end(), 0.0);
  Tensor sum;
  for (std::size_t m = 0; m < logits.size(); m++) {
    require<UsageError>(shares[m] > 0 && std::isfinite(whole), "fusion: a model has the share ",
                        shares[m], ", expected a finite number above 0");
    require(logits[m].shape() == logits[0].shape(), "fusion: logits ", logits[m].shape(), " and ",
            logits[0].shape(), ", expected equal shapes");
    const auto share = static_cast<real>(std::log(shares[m] / whole));
    const Tensor log_p = log_softmax(logits[m]);
    sum = m == 0 ? map([=](real b) { return share + b; }, log_p)
                 : map(
                       [=](real a, real b) {
                         b += share;
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
    const bool fit = same == SameClasses::by_name ? these == first : these.size() == first.size();
    require<FileError>(fit, "fusion: ", file, " tells apart ", these.size(),
                       " classes, and they are not the ", first.size(), " of ", files.front(),
                       ", or in another order");
  }
  return models;
}

}  // namespace excite
