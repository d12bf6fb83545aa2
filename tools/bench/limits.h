// What this machine can do at most, measured: what any kernel's rate is to be compared with.
#pragma once
#include <functional>

namespace excite {

struct Limits {
  double gflops;  // 1e9 multiplications and additions a second, of numbers that are in registers
                  // already
  double gbytes;  // 1e9 bytes a second, read from memory far larger than any cache
};
// Of all threads together; takes about half a second. It needs 256 MB, and has them in a process of
// its own, so that they are not counted as ours.
Limits measure_limits();

// The shortest of several runs, in seconds: whatever else the machine does can only add to a run.
double best_seconds(int runs, const std::function<void()>& run);

}  // namespace excite
