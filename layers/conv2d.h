// Convolution with weights of its own, [R, S, C/groups, K].
#pragma once
#include "autograd/ops.h"
#include "core/check.h"
#include "layers/init.h"
#include "layers/module.h"

namespace excite {

struct Conv2d : Module {
  Conv2dOptions options;
  Var w, b;  // b only with a bias; usually a batch normalization follows, which has one
  Conv2d(long in, long out, Size2 kernel, Rng& rng, const Conv2dOptions& how = {},
         Bias with = Bias::none)
      : options(checked(in, out, how)),
        w(weight("weight", he_normal({kernel.h, kernel.w, in / how.groups, out},
                                     kernel.h * kernel.w * out / how.groups, rng))) {
    const long fan_in = kernel.h * kernel.w * in / how.groups;
    if (with != Bias::none)
      b = bias("bias", with == Bias::zero ? zeros({out}) : fan_in_uniform({out}, fan_in, rng));
  }
  Var operator()(const Var& x) const {
    return in_layer(w,
                    [&] { return b ? add_bias(conv2d(x, w, options), b) : conv2d(x, w, options); });
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
