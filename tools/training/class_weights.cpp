#include "tools/training/class_weights.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

Tensor balancing_weights(const Dataset& dataset) {
  std::vector<double> counts(dataset.class_count());
  for (const int label : dataset.labels) counts[label]++;
  const auto present =
      static_cast<double>(counts.size() - std::count(counts.begin(), counts.end(), 0.0));
  const auto images = static_cast<double>(dataset.count());
  Tensor weights({dataset.class_count()});
  for (long c = 0; c < weights.size(); c++)
    weights[c] = static_cast<real>(counts[c] > 0 ? images / (present * counts[c]) : 0);
  return weights;
}

}  // namespace

Tensor class_weights(const std::string& weights, const Dataset& dataset) {
  if (weights == "none") return {};
  if (weights == "auto") return balancing_weights(dataset);
  const std::vector<std::string> words = split(weights, ',');
  require<UsageError>(std::ssize(words) == dataset.class_count(), "--class-weights: there are ",
                      counted(std::ssize(words), "weight"), ", but the images have ",
                      counted(dataset.class_count(), "class"),
                      "; give one number per class, or auto");
  Tensor numbers({dataset.class_count()});
  for (long c = 0; c < numbers.size(); c++) {
    const auto number = parse_number<double>(words[c]);
    require<UsageError>(number && *number >= 0 && *number <= 1e6, "--class-weights: weight ", c + 1,
                        " is '", printable(words[c]), "', expected a number from 0 to 1e6");
    numbers[c] = static_cast<real>(*number);
  }
  return numbers;
}

}  // namespace excite
