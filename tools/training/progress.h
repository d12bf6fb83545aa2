// How far a training run is, for those who show it.
#pragma once
#include <string>

namespace excite {

struct Progress {
  long epoch, epochs;     // 1, 2, ...
  long step, steps;       // of this epoch
  double loss, accuracy;  // of this epoch so far, on the training images
  double images_per_second;
  double seconds_left;  // to the end of the run
};

std::string clock(double seconds);  // 4:12, 1:02:03

}  // namespace excite
