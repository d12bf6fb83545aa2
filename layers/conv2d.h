// Convolution with a weight [R, S, C/groups, K] and an optional bias [K].
#pragma once
#include "autograd/ops.h"
#include "core/check.h"
#include "layers/implementation.h"
#include "layers/init.h"
#include "layers/module.h"

namespace excite {

struct Conv2d : Module {
  Conv2dOptions options;
  Var w, b;  // b is empty without a bias, the default: usually a batch norm with a bias follows
  Conv2d(long in, long out, Size2 kernel, Rng& rng, const Conv2dOptions& o = {},
         Bias bias_init = Bias::none)
      : options(checked(in, out, o)),
        w(weight("weight", he_normal({kernel.h, kernel.w, in / o.groups, out},
                                     kernel.h * kernel.w * out / o.groups, rng))) {
    const long fan_in = kernel.h * kernel.w * in / o.groups;
    if (bias_init != Bias::none)
      b = bias("bias", bias_init == Bias::zero ? zeros({out}) : fan_in_uniform({out}, fan_in, rng));
  }
  Var operator()(const Var& x) const {
    return in_layer(w, [&] {
      const Var y = conv2d(x, w, with_algorithm_in_use(options));
      return b ? add_bias(y, b) : y;
    });
  }

 private:
  static const Conv2dOptions& checked(long in, long out, const Conv2dOptions& o) {
    require(o.groups > 0 && in > 0 && out > 0 && in % o.groups == 0 && out % o.groups == 0,
            "Conv2d: ", in, " -> ", out, " channels in ", o.groups,
            " groups, expected at least 1 of each, and groups that divide both");
    return o;
  }
};

}  // namespace excite
