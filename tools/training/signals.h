// Ctrl-C (SIGINT) and SIGTERM as requests: the first asks the training to stop after the step it is
// in, the second ends the program.
#pragma once
#include <csignal>

namespace excite {

// While it lives, the two signals are requests; afterwards they are what they were before.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int asked() const;  // the number of the first signal that came, 0 if none

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace excite
