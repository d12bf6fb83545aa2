#include "core/memory.h"

#include <sys/resource.h>

#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/random.h"
#include "core/tensor.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

constexpr long odd_size = 123'457;  // a size that no other test uses

TEST(Memory, FreedBuffersAreReused) {
  const real* first = Tensor({odd_size}).data();
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 10; i++) EXPECT_EQ(Tensor({odd_size}).data(), first);
  const MemoryStats after = memory_stats();
  EXPECT_EQ(after.allocated, before.allocated);
  EXPECT_EQ(after.reserved, before.reserved);
}

TEST(Memory, LiveBytesAreThoseOfTensorsInUse) {
  constexpr long bytes = odd_size * static_cast<long>(sizeof(real));
  const long before = memory_stats().live;
  {
    const Tensor a({odd_size}), b({odd_size});
    const long live = memory_stats().live - before;
    EXPECT_GE(live, 2 * bytes);
    EXPECT_LE(live, 2 * bytes * 9 / 8);
    EXPECT_GE(memory_stats().peak, before + live);
    EXPECT_GE(memory_stats().reserved, memory_stats().live);
  }
  EXPECT_EQ(memory_stats().live, before);
}

TEST(Memory, ReplacingATensorFreesItsBuffer) {
  const long before = memory_stats().live;
  Tensor a({odd_size});
  const long one = memory_stats().live;
  Tensor b = std::move(a);
  EXPECT_EQ(memory_stats().live, one);
  b = Tensor();
  EXPECT_EQ(memory_stats().live, before);
}

TEST(Memory, EmptyTensorsAllocateNothing) {
  const MemoryStats before = memory_stats();
  EXPECT_EQ(Tensor().data(), nullptr);
  EXPECT_EQ(Tensor({0, 4}).data(), nullptr);
  EXPECT_EQ(memory_stats().live, before.live);
}

TEST(Memory, NearlyEqualSizesShareBuffers) {
  const real* first = Tensor({odd_size}).data();
  EXPECT_EQ(Tensor({odd_size - 1}).data(), first);
}

// Two buffers that another thread freed later are not taken.
TEST(Memory, AThreadReusesTheBufferThatItFreed) {
  release_unused();  // what other tests left behind may be nearer to the size
  constexpr long size = odd_size * 3;
  Tensor tensor({size});
  const real* address = tensor.data();
  std::vector<Tensor> others;
  for (int i = 0; i < 2; i++) others.emplace_back(Shape{size});
  tensor = Tensor();
  std::thread other([&] { others.clear(); });
  other.join();
  EXPECT_EQ(Tensor({size}).data(), address);
}

// Other threads get the buffers only after the cache has ended. Bytes in use are counted meanwhile.
TEST(Memory, AThreadWithABufferCacheKeepsItsBuffers) {
  release_unused();
  constexpr long size = odd_size * 7;
  const long live = memory_stats().live;
  const real* address = nullptr;
  const auto address_in_another_thread = [&] {
    const real* found = nullptr;
    std::thread other([&] { found = Tensor({size}).data(); });
    other.join();
    return found;
  };
  {
    const ThreadBufferCache cache;
    {
      const Tensor a({size});
      address = a.data();
      EXPECT_GE(memory_stats().live, live + size * static_cast<long>(sizeof(real)));
    }
    EXPECT_EQ(memory_stats().live, live);
    EXPECT_EQ(Tensor({size}).data(), address);
    EXPECT_NE(address_in_another_thread(), address);
    EXPECT_EQ(Tensor({size}).data(), address);
  }
  EXPECT_EQ(memory_stats().live, live);
  EXPECT_EQ(Tensor({size}).data(), address);
}

// This holds whether the thread that freed the buffers has ended or not.
TEST(Memory, BuffersFreedByOneThreadAreReusedByOthers) {
  constexpr long size = odd_size * 5;
  release_unused();  // larger buffers might be reused for these
  const long live = memory_stats().live;
  std::thread first_thread([=] {
    std::vector<Tensor> many;
    for (int i = 0; i < 10; i++) many.emplace_back(Shape{size});
  });
  first_thread.join();
  EXPECT_EQ(memory_stats().live, live);
  const long allocations = memory_stats().allocated;
  {
    std::vector<Tensor> many;
    for (int i = 0; i < 10; i++) many.emplace_back(Shape{size});
    std::thread second_thread([&] {
      many.clear();
      many.emplace_back(Shape{size});
    });
    second_thread.join();
  }
  std::vector<Tensor> many;
  for (int i = 0; i < 10; i++) many.emplace_back(Shape{size});
  EXPECT_EQ(memory_stats().allocated, allocations);
}

// Each thread fills its tensors with its own number, passes some to the next thread, and half of
// the threads keep a cache.
TEST(Memory, NoTwoTensorsOfSeveralThreadsShareABuffer) {
  constexpr long rounds = 100, size = odd_size / 100;
  const long live = memory_stats().live;
  std::vector<Tensor> passed_on(4);
  std::vector<std::mutex> mutexes(4);
  const auto work = [&](int self) {
    std::optional<ThreadBufferCache> cache;
    if (self % 2 == 0) cache.emplace();
    for (long round = 0; round < rounds; round++) {
      std::vector<Tensor> own;
      for (long i = 1; i <= 4; i++) own.push_back(full({i * size}, static_cast<real>(self)));
      for (const Tensor& t : own)
        for (long i = 0; i < t.size(); i++) ASSERT_EQ(t[i], static_cast<real>(self));
      if (round % 10 == 0) release_unused();
      const int next = (self + 1) % 4;
      const std::lock_guard lock(mutexes[next]);
      passed_on[next] = std::move(own[round % 4]);
    }
  };
  std::vector<std::thread> threads;
  for (int self = 0; self < 4; self++) threads.emplace_back(work, self);
  for (std::thread& t : threads) t.join();
  passed_on.clear();
  EXPECT_EQ(memory_stats().live, live);
}

// GoogleTest runs suites of this name first. Their bounds hold in a process that has had few other
// tensors, and a child process has none of the other tests' threads to return what they keep.
TEST(MemoryDeathTest, ReleaseUnusedReturnsFreeBuffersToTheSystem) {
  const Tensor kept = full({odd_size}, 1);
  Tensor({2 * odd_size});
  EXPECT_GT(memory_stats().reserved, memory_stats().live);
  release_unused();
  // Only live buffers are left, whose blocks may be a quarter larger than what was asked for.
  EXPECT_LE(4 * memory_stats().reserved, 5 * memory_stats().live);
  EXPECT_EQ(kept[odd_size - 1], 1);
  const long allocations = memory_stats().allocated;
  Tensor({2 * odd_size});
  EXPECT_EQ(memory_stats().allocated, allocations + 1);
}

// The bound of memory.h, in a process that has had few other tensors.
std::string reserved_at_most_five_quarters(const std::function<void()>& work) {
  return in_child([&] {
    release_unused();
    const long before = memory_stats().reserved;
    work();
    const MemoryStats after = memory_stats();
    if (before > after.peak / 10) return text("not alone: ", before);
    return 4 * after.reserved <= 5 * after.peak
               ? std::string("ok")
               : text(after.reserved, " reserved, ", after.peak, " at the peak");
  });
}

TEST(MemoryDeathTest, WithAllSizesTakesFiveQuartersOfThePeak) {
  EXPECT_EQ(reserved_at_most_five_quarters([] {
              Rng rng(1);
              for (long size = 1 << 20; size < 8 << 20; size += size / 7)
                for (int i = 0; i < 3; i++) Tensor({size});
              for (int i = 0; i < 300; i++) {
                std::vector<Tensor> some;
                for (int k = 0; k < 5; k++) some.emplace_back(Shape{1 + rng.below(8 << 20)});
              }
            }),
            "ok");
}

TEST(MemoryDeathTest, OfAThreadWithABufferCacheTakesFiveQuartersOfThePeak) {
  EXPECT_EQ(reserved_at_most_five_quarters([] {
              const ThreadBufferCache cache;
              for (long size = 32 << 20; size > 4 << 20; size -= size / 7)
                for (int i = 0; i < 3; i++) Tensor({size}), Tensor({(36 << 20) - size});
            }),
            "ok");
}

// The free buffers are smaller than what is asked for, and the pool may take as much and a half.
TEST(MemoryDeathTest, IsReturnedToTheSystemWhenThatHasNoMore) {
  const std::string said = in_child([] {
    {
      std::vector<Tensor> all;
      for (int i = 0; i < 4; i++) all.emplace_back(Shape{64 << 20});
    }
    const long pages = std::stol(get("/proc/self/statm")), reserved = memory_stats().reserved;
    const rlimit limit{static_cast<rlim_t>(pages * getpagesize() + (16l << 20)), RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &limit);
    const Tensor larger({72 << 20});
    return std::string(memory_stats().reserved < reserved ? "returned" : "kept");
  });
  EXPECT_EQ(said, "returned");
}

TEST(Memory, PeakOfTheProcessIsInMegabytes) {
  constexpr long megabytes = 256;
  const Tensor large = full({megabytes * (1 << 20) / static_cast<long>(sizeof(real))}, 1);
  EXPECT_GE(peak_megabytes(), megabytes);
  EXPECT_LT(peak_megabytes(), 100 * megabytes);
}

}  // namespace
}  // namespace excite
