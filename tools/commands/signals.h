// Ctrl-C (SIGINT), SIGTERM and SIGHUP as requests to stop. The first signal asks the training to
// stop after the current step; a second SIGINT or SIGTERM ends the program at once. SIGHUP tells
// that the terminal is gone, often several times, so a second one changes nothing.
#pragma once
#include <csignal>

namespace excite {

// While it exists, the three signals are requests, and writing to a pipe that nobody reads is no
// signal but an error of that write. SIGHUP stays ignored if it was, as nohup does. The destructor
// restores the previous handlers, but for that of SIGPIPE.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int received() const;  // the number of the first signal, 0 if none has arrived

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{}, old_hangup_{};
};

// From now on, the first signal says nothing: one of several processes would repeat what the others
// say.
void stop_quietly();

}  // namespace excite
