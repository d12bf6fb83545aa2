// The Squeeze-and-Excitation block (Hu et al., arXiv 1709.01507, section 3): each channel of each
// image is scaled by a gate in (0, 1) that is computed from what all of the channels contain. The
// options are what the paper compares in section 6.
#pragma once
#include <algorithm>

#include "layers/linear.h"

namespace excite {

inline Var no_squeeze(const Var& u) {
  return u;
}  // no squeeze: each pixel has gates of its own, from its own channels

struct SqueezeExciteOptions {
  long reduction = 16, least = 1;  // C / reduction hidden numbers, but no fewer than `least`
  Bias bias = Bias::drawn;
  WeightShape weights = WeightShape::matrix;
  Var (*squeeze)(const Var& u) = global_avg_pool;  // or global_max_pool, no_squeeze
  Var (*activation)(const Var& x) = sigmoid;       // of the gate; or relu, tanh
  long hidden(long channels) const {
    require(reduction > 0 && least > 0, "SqueezeExcite: reduction ", reduction, ", at least ",
            least, ": expected at least 1 of both");
    return std::max(least, channels / reduction);
  }
  bool squeezes_means() const {
    return squeeze == static_cast<Var (*)(const Var&)>(global_avg_pool);
  }
};

// One gate a channel, or, where nothing was squeezed, one a number.
inline Var scale_by_gate(const Var& u, const Var& s) {
  return s.shape() == u.shape() ? mul(u, s) : scale_channels(u, s);
}

struct SqueezeExcite : Module {
  SqueezeExciteOptions how;
  Linear reduce, expand;
  SqueezeExcite(long channels, const SqueezeExciteOptions& options, Rng& rng)
      : how(options),
        reduce(own("fc1", Linear(channels, how.hidden(channels), rng, how.bias, how.weights))),
        expand(own("fc2", Linear(how.hidden(channels), channels, rng, how.bias, how.weights))) {}
  Var gate(const Var& squeezed) const {
    return how.activation(expand(relu(reduce(squeezed))));
  }  // of the same shape: [N, C]
  Var operator()(const Var& u) const { return scale_by_gate(u, gate(how.squeeze(u))); }
};

}  // namespace excite
