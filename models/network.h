// The check that every network makes of its input.
#pragma once
#include <string>

#include "autograd/var.h"
#include "core/check.h"

namespace excite {

// Error unless x is [N, H, W, 3]; UsageError unless H and W are at least min_image_size pixels.
inline void require_network_input(const std::string& network, const Var& x,
                                  long min_image_size = 1) {
  const Shape& s = x.shape();
  require(s.rank() == 4 && s[3] == 3, network, ": input has shape ", s, ", expected [N, H, W, 3]");
  require<UsageError>(s[1] >= min_image_size && s[2] >= min_image_size, network, ": images of ",
                      Size2(s[1], s[2]), " are too small, expected at least ",
                      Size2(min_image_size));
}

}  // namespace excite
