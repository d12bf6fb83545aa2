#include "core/parallel.h"

#include <sys/resource.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/support/compare.h"
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
INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 3, 7),
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

TEST_P(Parallel, DividesIntoShardsByTheProblemAlone) {
  std::vector<std::pair<long, long>> pieces(10);
  parallel_shards(Shards(105, 10), [&](long shard, long begin, long end) {
    pieces[shard] = {begin, end};
  });
  long next = 0;
  for (const auto& [begin, end] : pieces) {
    EXPECT_EQ(begin, next);
    EXPECT_GE(end - begin, 10);
    EXPECT_LE(end - begin, 11);
    next = end;
  }
  EXPECT_EQ(next, 105);
}

TEST(Shards, AreAtMostSixteenAndAtLeastAsLongAsTheGrain) {
  EXPECT_EQ(Shards(16).count, 16);
  EXPECT_EQ(Shards(128).count, 16);
  EXPECT_EQ(Shards(15).count, 15);
  EXPECT_EQ(Shards(0).count, 1);
  EXPECT_EQ(Shards(5, 10).count, 1);
  EXPECT_EQ(Shards(19, 10).count, 1);
  EXPECT_EQ(Shards(20, 10).count, 2);
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

}  // namespace
}  // namespace excite
