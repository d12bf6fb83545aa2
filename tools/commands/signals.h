// Ctrl-C (SIGINT) and SIGTERM as requests to stop. The first signal asks the training to stop after
// the current step; the second one ends the program at once.
#pragma once
#include <csignal>

namespace excite {

// While it exists, the two signals are requests. Its destructor restores the previous handlers.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int received() const;  // the number of the first signal, 0 if none has arrived

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace excite
