#include "tools/training/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"

namespace excite {

namespace {

std::string formatted(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

}  // namespace

std::string clock(double seconds) {
  const long s = std::lround(std::clamp(seconds, 0.0, 3.6e9));
  char buffer[64];
  if (s >= 3600)
    std::snprintf(buffer, sizeof buffer, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(buffer, sizeof buffer, "%ld:%02ld", s / 60, s % 60);
  return buffer;
}

// Parts are added in the order of their importance while they fit. The bar takes the remaining
// columns, at most 30.
std::string progress_bar(const ProgressState& s, std::size_t width) {
  constexpr std::size_t shortest_bar = 6, longest_bar = 30;
  std::string head = text("epoch ", s.epoch, "/", s.epochs, " "), tail;
  for (const std::string& part :
       {text(" ", s.step, "/", s.steps), formatted("  loss %.3f", s.loss),
        "  " + clock(s.seconds_left) + " left", formatted("  accuracy %.1f %%", 100 * s.accuracy),
        formatted("  %.0f images/s", s.images_per_second)}) {
    if (head.size() + shortest_bar + tail.size() + part.size() > width) break;
    tail += part;
  }
  if (head.size() + shortest_bar + tail.size() > width) return (head + tail).substr(0, width);
  const std::size_t bar = std::min(longest_bar, width - head.size() - tail.size()) - 2;
  const std::size_t full =
      s.steps > 0 ? bar * static_cast<std::size_t>(s.step) / static_cast<std::size_t>(s.steps) : 0;
  return head + "[" + std::string(full, '=') + std::string(bar - full, ' ') + "]" + tail;
}

Progress::Progress(std::FILE* out) : out_(out), terminal_(isatty(fileno(out)) == 1) {}

std::size_t Progress::width() const {
  winsize size{};
  const bool known = ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  // One less, because a character in the last column makes some terminals scroll.
  return (known ? size.ws_col : 80u) - 1u;
}

void Progress::show(const ProgressState& state) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  std::fprintf(out_, "\r%s\x1b[K",
               progress_bar(state, width()).c_str());  // ESC [ K clears to the end of the line
  std::fflush(out_);
}

void Progress::line(const std::string& text) {
  std::fprintf(out_, "%s%s\n", drawn_ ? "\r\x1b[K" : "", text.c_str());
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace excite
