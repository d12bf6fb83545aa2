// The progress of a training run on the screen: a bar if the output is a terminal, and one line per
// epoch in any case.
#pragma once
#include <chrono>
#include <cstdio>
#include <string>

#include "tools/training/progress.h"

namespace excite {

// "epoch 3/16 [=====     ] 195/390  loss 1.234  4:12 left  accuracy 56.1 %  812 images/s"; only the
// parts that fit into `width` columns.
std::string progress_bar(const Progress& progress, std::size_t width);

class ProgressBar {
 public:
  explicit ProgressBar(std::FILE* out);
  // Draws the bar, at most ten times a second, if `out` is a terminal.
  void show(const Progress& progress);
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
