#include "core/background.h"

#include <atomic>
#include <future>
#include <stdexcept>
#include <vector>

#include "core/parallel.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Background, RunsEachBodyOnceWhileTheCallerUsesTheWorkers) {
  for (const long count : {0l, 1l, 5l, 1000l}) {
    std::vector<std::atomic<int>> runs(count), others(100);
    Background background(count, [&](long i) { parallel_for(1, [&](long) { runs[i]++; }); });
    parallel_for(100, [&](long i) { others[i]++; });
    background.wait();
    for (const auto& r : runs) EXPECT_EQ(r, 1) << count;
    for (const auto& r : others) EXPECT_EQ(r, 1);
  }
}

// The body waits for a signal that the caller sends only after the constructor has returned.
TEST(Background, StartsAtOnceWhileTheCallerGoesOn) {
  std::promise<void> begun, signal;
  Background background(1, [&](long) { begun.set_value(), signal.get_future().wait(); });
  begun.get_future().wait();
  signal.set_value();
  background.wait();
}

TEST(Background, WaitThrowsTheErrorOfTheLowestIndexAndTheDestructorWaits) {
  std::atomic<int> runs = 0;
  {
    Background background(20, [&](long i) {
      runs++;
      if (i == 7 || i == 13) throw std::runtime_error(std::to_string(i));
    });
    EXPECT_THROW(
        try { background.wait(); } catch (const std::runtime_error& e) {
          EXPECT_STREQ(e.what(), "7");
          throw;
        },
        std::runtime_error);
    Background unawaited(20, [&](long) { runs++; });
  }
  EXPECT_EQ(runs, 40);
}

}  // namespace
}  // namespace excite
