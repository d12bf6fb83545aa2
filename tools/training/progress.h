// The progress of a training run on the screen: a bar if the output is a terminal, and one line per
// epoch in any case.
#pragma once
#include <chrono>
#include <cstdio>
#include <string>

namespace excite {

struct ProgressState {
  long epoch, epochs;     // 1, 2, ...
  long step, steps;       // of this epoch
  double loss, accuracy;  // of this epoch so far, on the training images
  double images_per_second;
  double seconds_left;  // to the end of the run
};

// "epoch 3/16 [=====     ] 195/390  loss 1.234  4:12 left  accuracy 56.1 %  812 images/s"; only the
// parts that fit into `width` columns.
std::string progress_bar(const ProgressState& state, std::size_t width);
std::string clock(double seconds);  // 4:12, 1:02:03

class Progress {
 public:
  explicit Progress(std::FILE* out);
  // Draws the bar, at most ten times a second, if `out` is a terminal.
  void show(const ProgressState& state);
  // Replaces the bar by a line that stays.
  void line(const std::string& text);

 private:
  std::size_t width() const;

  std::FILE* out_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace excite
