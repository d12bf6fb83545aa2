#include "tools/training/signals.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace excite {

namespace {

volatile std::sig_atomic_t first_signal = 0;

// Runs between any two instructions of the program, so it may call nothing that is not safe there
// (man 7 signal-safety).
void on_signal(int signal) {
  if (first_signal != 0) _exit(128 + signal);
  first_signal = signal;
  constexpr std::string_view notice =
      "\nexcite: stopping after this step; a second time stops at once\n";
  const int interrupted = errno;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, notice.data(), notice.size());
  errno = interrupted;
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  struct sigaction request {};
  request.sa_handler = on_signal;
  request.sa_flags = SA_RESTART;  // a write of a save goes on where it was
  sigaction(SIGINT, &request, &old_interrupt_);
  sigaction(SIGTERM, &request, &old_terminate_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
}

int StopSignals::asked() const { return first_signal; }

}  // namespace excite
