#include "tools/training/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace excite {

std::string clock(double seconds) {
  const long s = std::lround(std::clamp(seconds, 0.0, 3.6e9));
  char buffer[64];
  if (s >= 3600)
    std::snprintf(buffer, sizeof buffer, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(buffer, sizeof buffer, "%ld:%02ld", s / 60, s % 60);
  return buffer;
}

}  // namespace excite
