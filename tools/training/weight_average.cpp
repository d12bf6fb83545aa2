#include "tools/training/weight_average.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

WeightAverage::WeightAverage(const Module& module, double decay)
    : weights_(module.state()), decay_(decay) {
  require<UsageError>(decay > 0 && decay < 1, "--ema ", decay,
                      ": expected a number above 0 and below 1");
  for (const Module::Entry& e : weights_) average_.push_back(e.var->value.clone());
}

void WeightAverage::update(long step) {
  const auto s = static_cast<double>(step);
  const auto add = static_cast<real>(1 - std::min(decay_, s / (10 + s)));
  for (std::size_t i = 0; i < weights_.size(); i++)
    map_into([=](real a, real w) { return a == w ? w : a + add * (w - a); }, average_[i],
             weights_[i].var->value);
}

void WeightAverage::exchange() {
  for (std::size_t i = 0; i < weights_.size(); i++) std::swap(average_[i], weights_[i].var->value);
}

NamedTensors WeightAverage::state() {
  NamedTensors all;
  for (std::size_t i = 0; i < weights_.size(); i++)
    all.emplace_back("optimizer.average." + weights_[i].name, &average_[i]);
  return all;
}

}  // namespace excite
