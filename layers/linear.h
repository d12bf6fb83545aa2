// A linear layer: y = x w + b, of rows [N, in] or of every pixel by itself, [N, H, W, in].
#pragma once
#include "autograd/ops.h"
#include "core/check.h"
#include "layers/init.h"
#include "layers/module.h"

namespace excite {

// The same numbers, [in, out] or [1, 1, in, out]; other programs' files have one or the other.
enum class WeightShape { matrix, conv1x1 };

struct Linear : Module {
  Var w, b;  // b only with a bias
  Linear(long in, long out, Rng& rng, Bias with = Bias::drawn,
         WeightShape shape = WeightShape::matrix)
      : w(weight("weight", fan_in_uniform(
                               shape == WeightShape::matrix ? Shape{in, out} : Shape{1, 1, in, out},
                               in, rng))) {
    require(in > 0 && out > 0, "Linear: ", in, " -> ", out,
            " numbers, expected at least 1 of each");
    if (with != Bias::none)
      b = bias("bias", with == Bias::zero ? zeros({out}) : fan_in_uniform({out}, in, rng));
  }
  // A matrix multiplies rows and a convolution pixels; either can be seen as the other.
  Var operator()(const Var& x) const {
    return in_layer(w, [&] { return product(x); });
  }

 private:
  Var product(const Var& x) const {
    const Shape& s = x.shape();
    const bool pixels = s.rank() == 4, conv = w.shape().rank() == 4;
    if (!pixels && !conv) return b ? linear(x, w, b) : matmul(x, w);
    const Var xw = conv ? conv2d(pixels ? x : reshape(x, {s[0], 1, 1, s[-1]}), w)
                        : matmul(reshape(x, {s.rows(), s[-1]}), w);
    const Var y = b ? add_bias(xw, b) : xw;
    if (pixels == conv) return y;
    return pixels ? reshape(y, {s[0], s[1], s[2], w.shape()[-1]})
                  : reshape(y, {s[0], w.shape()[-1]});
  }
};

}  // namespace excite
