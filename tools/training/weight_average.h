// An exponential moving average of a model's weights and running statistics. It varies less from
// step to step than the weights, and is often more accurate (Polyak, Juditsky, 1992).
#pragma once
#include "autograd/optimizer.h"
#include "layers/module.h"

namespace excite {

class WeightAverage {
 public:
  // Of the module that these parameters and buffers belong to, which must outlive this object.
  WeightAverage(const Module& module, double decay);

  // After step number `step`, counted from 0: average = d average + (1 - d) weights, where
  // d = min(decay, step / (10 + step)): the first average is the weights, and early ones soon
  // forget them.
  void update(long step);
  // Exchanges the average with the weights of the model: to evaluate or save it, and back.
  void exchange();
  NamedTensors state();  // for a checkpoint: optimizer.average.NAME

 private:
  const std::vector<Module::Entry> weights_;
  std::vector<Tensor> average_;
  double decay_;
};

// While one exists, the model has the average in place of its weights. A null pointer does nothing.
class UseAverage {
 public:
  explicit UseAverage(WeightAverage* average) : average_(average) {
    if (average_) average_->exchange();
  }
  ~UseAverage() {
    if (average_) average_->exchange();
  }
  UseAverage(const UseAverage&) = delete;
  UseAverage& operator=(const UseAverage&) = delete;

 private:
  WeightAverage* average_;
};

}  // namespace excite
