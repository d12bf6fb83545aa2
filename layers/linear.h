// A linear layer, y = x w + b: for rows [N, in] -> [N, out], or for each pixel of images,
// [N, H, W, in] -> [N, H, W, out].
#pragma once
#include "autograd/ops.h"
#include "core/check.h"
#include "layers/implementation.h"
#include "layers/init.h"
#include "layers/module.h"

namespace excite {

// The weight's shape: [in, out] or [1, 1, in, out]. The numbers are the same; files of other
// programs have either shape.
enum class WeightShape { matrix, conv1x1 };

struct Linear : Module {
  Var w, b;  // b is empty without a bias
  Linear(long in, long out, Rng& rng, Bias bias_init = Bias::uniform,
         WeightShape shape = WeightShape::matrix)
      : w(weight("weight", fan_in_uniform(weight_shape(in, out, shape), in, rng))) {
    require(in > 0 && out > 0, "Linear: ", in, " -> ", out,
            " features, expected at least 1 of each");
    if (bias_init != Bias::none)
      b = bias("bias", bias_init == Bias::zero ? zeros({out}) : fan_in_uniform({out}, in, rng));
  }
  Var operator()(const Var& x) const {
    return in_layer(w, [&] { return apply(x); });
  }

 private:
  static Shape weight_shape(long in, long out, WeightShape shape) {
    return shape == WeightShape::matrix ? Shape{in, out} : Shape{1, 1, in, out};
  }
  // A matrix takes rows [N, in], a 1x1 convolution takes images [N, H, W, in]. Where x has the
  // other rank, it is reshaped, and the result is reshaped back.
  Var apply(const Var& x) const {
    const Shape& s = x.shape();
    const bool pixels = s.rank() == 4, conv = w.shape().rank() == 4;
    const long in = w.shape()[-2];
    require((s.rank() == 2 || pixels) && s[-1] == in, "linear: input ", s, " and weight ",
            w.shape(), " do not fit, expected [N, ", in, "] or [N, H, W, ", in, "]");
    if (!pixels && !conv) return b ? linear(x, w, b) : matmul(x, w);
    const Var xw =
        conv ? conv2d(pixels ? x : reshape(x, {s[0], 1, 1, s[-1]}), w, with_algorithm_in_use({}))
             : matmul(reshape(x, {s.rows(), s[-1]}), w);
    const Var y = b ? add_bias(xw, b) : xw;
    if (pixels == conv) return y;
    const long out = w.shape()[-1];
    return reshape(y, pixels ? Shape{s[0], s[1], s[2], out} : Shape{s[0], out});
  }
};

}  // namespace excite
