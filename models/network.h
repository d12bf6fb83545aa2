// What all networks say of the pictures they are handed.
#pragma once
#include <string>

#include "autograd/var.h"
#include "core/check.h"

namespace excite {

inline void require_pictures(const std::string& network, const Var& x, long smallest = 1) {
  const Shape& s = x.shape();
  require(s.rank() == 4 && s[3] == 3, network, ": input has shape ", s, ", expected [N, H, W, 3]");
  require(s[1] >= smallest && s[2] >= smallest, network, ": pictures of ", Size2(s[1], s[2]), " are too small, the smallest are ", Size2(smallest));
}

}  // namespace excite
