// What every network checks of its input.
#pragma once
#include <string>

#include "autograd/var.h"
#include "core/check.h"

namespace excite {

// N RGB images of at least smallest x smallest pixels.
inline void require_network_input(const std::string& network, const Var& x, long smallest = 1) {
  const Shape& s = x.shape();
  require(s.rank() == 4 && s[3] == 3, network, ": input has shape ", s, ", expected [N, H, W, 3]");
  require(s[1] >= smallest && s[2] >= smallest, network, ": images of ", Size2(s[1], s[2]),
          " are too small, the smallest are ", Size2(smallest));
}

}  // namespace excite
