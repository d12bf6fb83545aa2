#include "tools/commands/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

std::string formatted(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

}  // namespace

// Parts are added in the order of their importance while they fit. The bar takes the remaining
// columns, at most 30.
std::string progress_bar(const Progress& p, std::size_t width) {
  constexpr std::size_t shortest_bar = 6, longest_bar = 30;
  std::string head = text("epoch ", p.epoch, "/", p.epochs, " "), tail;
  for (const std::string& part :
       {text(" ", p.step, "/", p.steps), "  loss " + decimal(p.loss, 3),
        "  " + clock(p.seconds_left) + " left", formatted("  accuracy %.1f %%", 100 * p.accuracy),
        "  " + decimal(p.images_per_second, 0) + " images/s"}) {
    if (head.size() + shortest_bar + tail.size() + part.size() > width) break;
    tail += part;
  }
  if (head.size() + shortest_bar + tail.size() > width) return (head + tail).substr(0, width);
  const std::size_t bar = std::min(longest_bar, width - head.size() - tail.size()) - 2;
  const std::size_t full =
      p.steps > 0 ? bar * static_cast<std::size_t>(p.step) / static_cast<std::size_t>(p.steps) : 0;
  return head + "[" + std::string(full, '=') + std::string(bar - full, ' ') + "]" + tail;
}

ProgressBar::ProgressBar(std::FILE* out) : out_(out), terminal_(isatty(fileno(out)) == 1) {}

std::size_t ProgressBar::width() const {
  winsize size{};
  const bool known = ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  // One less, because a character in the last column makes some terminals scroll.
  return (known ? size.ws_col : 80u) - 1u;
}

void ProgressBar::show(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  std::fprintf(out_, "\r%s\x1b[K",
               progress_bar(progress, width()).c_str());  // ESC [ K clears to the end of the line
  std::fflush(out_);
}

void ProgressBar::line(const std::string& text) {
  std::fprintf(out_, "%s%s\n", drawn_ ? "\r\x1b[K" : "", text.c_str());
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace excite
