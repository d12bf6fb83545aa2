// What one sees of a training run while it goes on: on a terminal a bar that is drawn over and
// over, elsewhere a line an epoch.
#pragma once
#include <chrono>
#include <cstdio>
#include <string>

namespace excite {

struct ProgressState {
  long epoch, epochs;     // 1, 2, ...
  long step, steps;       // of this epoch
  double loss, accuracy;  // of this epoch so far, on what it trains on
  double images_per_second;
  double seconds_left;  // of the whole training
};

// "epoch 3/16 [=====>    ] 195/390  loss 1.234  accuracy 56.1 %  812 images/s  4:12 left"; as many
// of its parts as fit into width.
std::string progress_bar(const ProgressState& state, std::size_t width);
std::string clock(double seconds);  // 4:12, 1:02:03

class Progress {
 public:
  explicit Progress(std::FILE* out);
  void show(const ProgressState&
                state);  // draws the bar, at most ten times a second, if `out` is a terminal
  void line(const std::string& text);  // takes the bar's place, and stays

 private:
  std::size_t width() const;

  std::FILE* out_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace excite
