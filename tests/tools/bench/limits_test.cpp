#include "tools/bench/limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>

#include "core/memory.h"
#include "core/parallel.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// The peak memory of this process as its parent sees it: its own, or that of a child that it waited
// for.
std::string megabytes_after_measuring() {
  measure_limits();
  rusage children{};
  getrusage(RUSAGE_CHILDREN, &children);
  return text(std::max(peak_megabytes(), static_cast<double>(children.ru_maxrss) / 1024));
}

TEST(Limits, MeasurementDoesNotCountAsOurPeakMemory) {
  set_threads(threads());  // stops the workers before in_child forks
  const double before = peak_megabytes();
  const std::string after = in_child(megabytes_after_measuring);
  EXPECT_LT(std::stod(after), before + 64) << after;
}

TEST(Limits, ArePositiveAndUseNoPooledMemory) {
  const long reserved = memory_stats().reserved;
  const Limits limits = measure_limits();
  EXPECT_GT(limits.gflops, 0.1);
  EXPECT_GT(limits.gbytes, 0.1);
  EXPECT_EQ(memory_stats().reserved, reserved);
}

TEST(Limits, DoNotChangeTheNumberOfThreads) {
  const int before = threads();
  set_threads(3);
  std::atomic<int> ran = 0;
  parallel_for(10, [&](long) { ran++; });  // starts the workers
  measure_limits();
  EXPECT_EQ(threads(), 3);
  parallel_for(10, [&](long) { ran++; });
  EXPECT_EQ(ran, 20);
  set_threads(before);
}

TEST(Limits, BestSecondsCallsTheFunctionAsOftenAsAsked) {
  int runs = 0;
  EXPECT_GE(best_seconds(4, [&] { runs++; }), 0);
  EXPECT_EQ(runs, 4);
}

}  // namespace
}  // namespace excite
