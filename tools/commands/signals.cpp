#include "tools/commands/signals.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace excite {

namespace {

volatile std::sig_atomic_t first_signal = 0, is_quiet = 0;

// A signal handler may run between any two instructions of the program, so it calls only
// async-signal-safe functions (man 7 signal-safety).
void on_signal(int signal) {
  if (first_signal != 0 && signal == SIGHUP) return;
  if (first_signal != 0) _exit(128 + signal);
  first_signal = signal;
  if (is_quiet) return;
  constexpr std::string_view notice =
      "\nexcite: stopping after this step; a second signal stops at once\n";
  const int saved_errno = errno;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, notice.data(), notice.size());
  errno = saved_errno;
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  struct sigaction request {};
  request.sa_handler = on_signal;
  request.sa_flags = SA_RESTART;  // an interrupted write of a checkpoint continues
  sigaction(SIGINT, &request, &old_interrupt_);
  sigaction(SIGTERM, &request, &old_terminate_);
  sigaction(SIGHUP, nullptr, &old_hangup_);
  if (old_hangup_.sa_handler != SIG_IGN) sigaction(SIGHUP, &request, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  sigaction(SIGHUP, &old_hangup_, nullptr);
  // SIGPIPE stays ignored: what is still in a buffer of stdout may meet the same closed pipe.
}

void stop_quietly() { is_quiet = 1; }

int StopSignals::received() const { return first_signal; }

}  // namespace excite
