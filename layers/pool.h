// Pooling as layers. They keep options and have no parameters.
#pragma once
#include "autograd/ops.h"
#include "layers/module.h"

namespace excite {

struct MaxPool2d : Module {
  Pool2dOptions options;
  explicit MaxPool2d(const Pool2dOptions& o) : options(o) {}
  Var operator()(const Var& x) const {
    return in_layer(x, [&] { return max_pool2d(x, options); });
  }
};

struct AvgPool2d : Module {
  Pool2dOptions options;
  explicit AvgPool2d(const Pool2dOptions& o) : options(o) {}
  Var operator()(const Var& x) const {
    return in_layer(x, [&] { return avg_pool2d(x, options); });
  }
};

}  // namespace excite
