// The Squeeze-and-Excitation block (Hu et al., arXiv 1709.01507, section 3). It scales each channel
// of each image by a gate in (0, 1), computed from the means of all channels of that image.
#pragma once
#include <algorithm>

#include "layers/linear.h"

namespace excite {

// What the gates of a channel are computed from: the mean or the maximum of each channel over all
// pixels; nothing but the pixel itself, so that each pixel gets gates from its own channels; or
// ones, so that the gates are learned, but the same for all images (a control, not in the paper).
enum class Squeeze { mean, max, none, ones };

// The variants of the paper's section 6.
struct SqueezeExciteOptions {
  long reduction = 16, min_hidden = 1;  // hidden width: max(min_hidden, C / reduction)
  Bias bias = Bias::uniform;
  WeightShape weights = WeightShape::matrix;
  Squeeze squeeze = Squeeze::mean;
  Var (*activation)(const Var& x) = sigmoid;  // of the gates; or relu, tanh
  long hidden(long channels) const {
    require(reduction > 0 && min_hidden > 0, "SqueezeExcite: reduction ", reduction,
            ", minimal hidden width ", min_hidden, ", expected at least 1 for both");
    return std::max(min_hidden, channels / reduction);
  }
};

// [N, H, W, C] -> [N, C], or without a squeeze u itself.
inline Var squeeze(Squeeze how, const Var& u) {
  switch (how) {
    case Squeeze::mean: return global_avg_pool(u);
    case Squeeze::max: return global_max_pool(u);
    case Squeeze::ones: return full({u.shape()[0], u.shape()[-1]}, 1);
    case Squeeze::none: break;
  }
  return u;
}

// u [N, H, W, C] times gates s: one per image and channel, [N, C], or without a squeeze one per
// element, [N, H, W, C].
inline Var scale_by_gate(const Var& u, const Var& s) {
  return s.shape() == u.shape() ? mul(u, s) : scale_channels(u, s);
}

struct SqueezeExcite : Module {
  SqueezeExciteOptions options;
  Linear reduce, expand;
  SqueezeExcite(long channels, const SqueezeExciteOptions& o, const Rng& rng)
      : SqueezeExcite(rng.fork(), channels, o) {}
  Var excite(const Var& z) const { return options.activation(expand(relu(reduce(z)))); }
  Var operator()(const Var& u) const {
    const Var z = squeeze(options.squeeze, u);  // [N, H, W, C] -> [N, C]
    const Var s = excite(z);                    // [N, C] -> [N, C/r] -> [N, C]
    return scale_by_gate(u, s);                 // u[n, h, w, c] s[n, c]
  }

 private:
  SqueezeExcite(Rng own_stream, long channels, const SqueezeExciteOptions& o)
      : options(o),
        reduce(own("fc1", Linear(channels, o.hidden(channels), own_stream, o.bias, o.weights))),
        expand(own("fc2", Linear(o.hidden(channels), channels, own_stream, o.bias, o.weights))) {}
};

}  // namespace excite
