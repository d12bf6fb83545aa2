#include "core/parallel.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "core/background.h"
#include "core/tree_sum.h"
#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

class Parallel : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_threads(GetParam()); }
  void TearDown() override { set_threads(before_); }

 private:
  int before_ = threads();
};
INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 3, 7, 16),
                         testing::PrintToStringParamName());

TEST_P(Parallel, RunsEachBodyOnce) {
  for (const long count : {0l, 1l, 2l, 5l, 16l, 1000l})
    for (int repetition = 0; repetition < 50; repetition++) {
      std::vector<std::atomic<int>> runs(count);
      parallel_for(count, [&](long i) { runs[i]++; });
      for (const auto& r : runs) ASSERT_EQ(r, 1) << count;
    }
}

// There are as many bodies as threads, and none ends before all have begun. So no thread can take
// over the work of another.
TEST_P(Parallel, GivesEachThreadTheSameBodiesEveryTime) {
  std::vector<std::thread::id> first(GetParam());
  for (int repetition = 0; repetition < 20; repetition++) {
    std::atomic<int> begun = 0;
    parallel_for(GetParam(), [&](long i) {
      std::thread::id& seen = first[i];
      if (repetition == 0) seen = std::this_thread::get_id();
      EXPECT_EQ(seen, std::this_thread::get_id()) << i;
      for (begun++; begun < GetParam();) std::this_thread::yield();
    });
  }
  EXPECT_EQ(first[0], std::this_thread::get_id());
}

TEST_P(Parallel, RunsNestedBodiesOnTheirOwnThread) {
  std::atomic<int> runs = 0;
  parallel_for(8, [&](long) {
    const auto self = pthread_self();
    parallel_for(10, [&](long) {
      EXPECT_TRUE(pthread_equal(self, pthread_self()));
      runs++;
    });
  });
  EXPECT_EQ(runs, 80);
}

TEST_P(Parallel, ThrowsTheErrorOfTheLowestIndexAndKeepsWorking) {
  for (int repetition = 0; repetition < 50; repetition++) {
    const auto fail = [] {
      parallel_for(40, [](long i) { require(i != 13 && i != 14 && i != 30, "body ", i); });
    };
    EXPECT_TRUE(fails_saying(fail, {"body 13"}));
  }
  std::atomic<int> runs = 0;
  parallel_for(40, [&](long) { runs++; });
  EXPECT_EQ(runs, 40);
}

TEST_P(Parallel, CutsItemsIntoNearlyEqualRangesOfAMinimalLength) {
  for (const long items : {0l, 5l, 105l, 10'000l}) {
    std::vector<std::atomic<int>> runs(items);
    std::atomic<long> ranges = 0, shortest = items;
    parallel_ranges(items, 10, [&](long begin, long end) {
      for (long i = begin; i < end; i++) runs[i]++;
      for (long seen = shortest; end - begin < seen;)
        shortest.compare_exchange_weak(seen, end - begin);
      ranges++;
    });
    for (const auto& r : runs) ASSERT_EQ(r, 1) << items;
    EXPECT_EQ(ranges, std::clamp(items / 10, 1l, 8l * GetParam())) << items;
    EXPECT_GE(shortest, std::min(items, 10l)) << items;
  }
}

TEST(Threads, RefusesACountBelowOne) {
  EXPECT_TRUE(fails_saying<UsageError>([] { set_threads(0); }, {"set_threads(0)", "1 to 1024"}));
  EXPECT_GE(threads(), 1);
}

// The user may have 20 threads here. The error must not wait forever for the threads that were
// started.
TEST(Threads, MoreThanTheSystemAllowsAreAnError) {
  set_threads(threads());  // ends the workers, which a child process would not have
  const std::string said = in_child([] {
    drop_rights();
    const rlimit few{20, 20};
    setrlimit(RLIMIT_NPROC, &few);
    set_threads(200);
    parallel_for(2, [](long) {});
    return std::string("all started");
  });
  expect_contains(said, "of the 200 requested threads");
  expect_contains(said, "use fewer threads");
}

// ---- several threads of the program at once ----

// Runs caller(0), ..., caller(count - 1) at the same time, each on a thread of its own.
void run_callers(int count, const std::function<void(int)>& caller) {
  std::vector<std::thread> callers;
  for (int i = 0; i < count; i++) callers.emplace_back(caller, i);
  for (std::thread& t : callers) t.join();
}

// The sum of 1/1, 1/2, ..., 1/n, whose bits depend on the order of the additions.
float sharded_sum(long n) {
  const Shards shards(n);
  return tree_sum(shards.own(), [&](long shard) {
    float sum = 0;
    for (long i = shards.begin(shard); i < shards.end(shard); i++)
      sum += 1 / static_cast<float>(i + 1);
    return sum;
  });
}

TEST_P(Parallel, SeveralCallersGetTheSameBitsAsOne) {
  const std::vector<long> sizes{25, 1000, 40'000};
  std::vector<float> expected;
  for (const long n : sizes) expected.push_back(sharded_sum(n));
  run_callers(4, [&](int) {
    for (int repetition = 0; repetition < 100; repetition++)
      for (std::size_t i = 0; i < sizes.size(); i++) ASSERT_EQ(sharded_sum(sizes[i]), expected[i]);
  });
}

TEST_P(Parallel, EachOfSeveralCallersGetsItsOwnErrorOfTheLowestIndex) {
  run_callers(4, [](int caller) {
    for (int repetition = 0; repetition < 100; repetition++)
      ASSERT_TRUE(fails_saying(
          [&] {
            parallel_for(40, [&](long i) { require(i < 13 + caller, caller, " in body ", i); });
          },
          {text(caller, " in body ", 13 + caller)}));
  });
}

// All bodies of the first caller wait until the loop of the second one has ended.
TEST_P(Parallel, ASecondCallerRunsAloneWhileTheFirstHasTheWorkers) {
  std::promise<void> begun, ended;
  const std::shared_future<void> second_ended = ended.get_future().share();
  std::atomic<int> first_runs = 0;
  std::thread first([&] {
    parallel_for(10, [&](long) {
      if (first_runs++ == 0) begun.set_value();
      second_ended.wait();
    });
  });
  begun.get_future().wait();
  std::set<std::thread::id> second_threads;
  long second_runs = 0;
  parallel_for(1000,
               [&](long) { second_threads.insert(std::this_thread::get_id()), second_runs++; });
  ended.set_value();
  first.join();
  EXPECT_EQ(second_threads, std::set{std::this_thread::get_id()});
  EXPECT_EQ(second_runs, 1000);
  EXPECT_EQ(first_runs, 10);
}

TEST_P(Parallel, TheNumberOfThreadsMayChangeWhileOthersRunLoops) {
  const float expected = sharded_sum(1000);
  run_callers(4, [&](int caller) {
    for (int repetition = 0; repetition < 50; repetition++) {
      if (caller < 2) set_threads(1 + (repetition + caller) % 5);
      ASSERT_EQ(sharded_sum(1000), expected);
    }
  });
  set_threads(3);
  EXPECT_EQ(threads(), 3);
}

TEST_P(Parallel, ABodyMayChangeTheNumberOfThreadsOfTheNextLoop) {
  parallel_for(10, [](long) { set_threads(2); });
  EXPECT_EQ(threads(), 2);
  std::atomic<int> begun = 0;
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallel_for(2, [&](long) {
    for (begun++; begun < 2;) std::this_thread::yield();
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 2);
}

TEST_P(Parallel, BackgroundWorkOfSeveralCallersRunsBesideTheirLoops) {
  run_callers(3, [](int) {
    for (int repetition = 0; repetition < 10; repetition++) {
      std::vector<std::atomic<int>> runs(50), others(50);
      Background background(50, [&](long i) { runs[i]++; });
      parallel_for(50, [&](long i) { others[i]++; });
      background.wait();
      for (const auto& r : runs) ASSERT_EQ(r, 1);
      for (const auto& r : others) ASSERT_EQ(r, 1);
    }
  });
}

// The child process is killed if it does not end. The workers are ended first, as a child process
// would not have them.
TEST(Threads, TheProgramMayEndWhileALoopRuns) {
  const int before = threads();
  set_threads(3);
  const std::string another_thread_loops = in_child([] {
    alarm(60);
    std::promise<void> begun;
    std::thread([&, first = true]() mutable {
      while (true) {
        parallel_for(100, [](long) {});
        if (std::exchange(first, false)) begun.set_value();
      }
    }).detach();
    begun.get_future().wait();
    std::exit(0);
    return std::string();
  });
  EXPECT_EQ(another_thread_loops, "");
  const std::string a_body_ends_it = in_child([] {
    alarm(60);
    parallel_for(3, [](long i) {
      if (i == 1) std::exit(0);
    });
    return std::string("the loop has ended");
  });
  EXPECT_EQ(a_body_ends_it, "");
  set_threads(before);
}

}  // namespace
}  // namespace excite
