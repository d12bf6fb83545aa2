// Measures the most that this machine can do, for comparison with the rate of a kernel.
#pragma once
#include <functional>

namespace excite {

struct Limits {
  double gflops;  // 1e9 multiplications and additions per second, of numbers in registers
  double gbytes;  // 1e9 bytes per second, read from memory far larger than any cache
  double bfloat16_gflops = 0;  // as gflops, of numbers in bfloat16; 0: this build has none
};
// The sum over all threads; takes about half a second. A child process allocates the 256 MB that
// this needs, so they do not count as this process's peak memory. Error if there is no such memory.
Limits measure_limits();

// Calls run() `runs` times and returns the shortest time, in seconds: other work on the machine can
// only lengthen a run.
double best_seconds(int runs, const std::function<void()>& run);

}  // namespace excite
