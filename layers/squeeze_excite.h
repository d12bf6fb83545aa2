// The Squeeze-and-Excitation block (Hu et al., arXiv 1709.01507, section 3): each channel of each picture is scaled by a gate in (0, 1)
// that is computed from what all of the channels contain.
#pragma once
#include <algorithm>

#include "layers/linear.h"

namespace excite {

inline long squeezed(long channels, long reduction) { return std::max(1l, channels / reduction); }  // hidden width

struct SqueezeExcite : Module {
  Linear reduce, expand;
  SqueezeExcite(long channels, long reduction, Rng& rng, Bias bias = Bias::drawn)
      : reduce(own("fc1", Linear(channels, squeezed(channels, reduction), rng, bias))),
        expand(own("fc2", Linear(squeezed(channels, reduction), channels, rng, bias))) {}
  Var gate(const Var& squeezed) const { return sigmoid(expand(relu(reduce(squeezed)))); }  // [N, C] -> [N, C]
  Var operator()(const Var& u) const { return scale_channels(u, gate(global_avg_pool(u))); }
};

}  // namespace excite
