#include "core/memory.h"

#include <thread>
#include <vector>

#include "core/tensor.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr long odd_size = 123'457;  // that no other test asks for

TEST(Memory, IsRecycled) {
  const real* first = Tensor({odd_size}).data();
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 10; i++) EXPECT_EQ(Tensor({odd_size}).data(), first);
  const MemoryStats after = memory_stats();
  EXPECT_EQ(after.allocated, before.allocated);
  EXPECT_EQ(after.reserved, before.reserved);
}

TEST(Memory, IsCountedWhileInUse) {
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

TEST(Memory, IsGivenBackByMovingAway) {
  const long before = memory_stats().live;
  Tensor a({odd_size});
  const long one = memory_stats().live;
  Tensor b = std::move(a);
  EXPECT_EQ(memory_stats().live, one);
  b = Tensor();
  EXPECT_EQ(memory_stats().live, before);
}

TEST(Memory, OfNothingIsNothing) {
  const MemoryStats before = memory_stats();
  EXPECT_EQ(Tensor().data(), nullptr);
  EXPECT_EQ(Tensor({0, 4}).data(), nullptr);
  EXPECT_EQ(memory_stats().live, before.live);
}

TEST(Memory, IsSharedByNearlyEqualSizes) {
  const real* first = Tensor({odd_size}).data();
  EXPECT_EQ(Tensor({odd_size - 1}).data(), first);
}

// Two of another thread's wait behind it.
TEST(Memory, GoesBackToTheThreadThatGaveIt) {
  constexpr long size = odd_size * 3;
  Tensor own({size});
  const real* given = own.data();
  std::vector<Tensor> others;
  for (int i = 0; i < 2; i++) others.emplace_back(Shape{size});
  own = Tensor();
  std::thread other([&] { others.clear(); });
  other.join();
  EXPECT_EQ(Tensor({size}).data(), given);
}

// Another thread gets it only in the end; what is in use is counted all the while.
TEST(Memory, IsKeptByItsThreadWhileThatHasOwnBuffers) {
  constexpr long size = odd_size * 7;
  const long live = memory_stats().live;
  const real* given = nullptr;
  const auto seen_elsewhere = [&] {
    const real* seen = nullptr;
    std::thread other([&] { seen = Tensor({size}).data(); });
    other.join();
    return seen;
  };
  {
    const OwnBuffers own;
    {
      const Tensor a({size});
      given = a.data();
      EXPECT_GE(memory_stats().live, live + size * static_cast<long>(sizeof(real)));
    }
    EXPECT_EQ(memory_stats().live, live);
    EXPECT_EQ(Tensor({size}).data(), given);
    EXPECT_NE(seen_elsewhere(), given);
    EXPECT_EQ(Tensor({size}).data(), given);
  }
  EXPECT_EQ(memory_stats().live, live);
  EXPECT_EQ(Tensor({size}).data(), given);
}

// Whether the thread that gave it back has ended or not.
TEST(Memory, GoesOnToOtherThreads) {
  constexpr long size = odd_size * 5;
  const long live = memory_stats().live;
  std::thread giver([=] {
    std::vector<Tensor> many;
    for (int i = 0; i < 10; i++) many.emplace_back(Shape{size});
  });
  giver.join();
  EXPECT_EQ(memory_stats().live, live);
  const long asked = memory_stats().allocated;
  {
    std::vector<Tensor> many;
    for (int i = 0; i < 10; i++) many.emplace_back(Shape{size});
    std::thread taker([&] {
      many.clear();
      many.emplace_back(Shape{size});
    });
    taker.join();
  }
  std::vector<Tensor> many;
  for (int i = 0; i < 10; i++) many.emplace_back(Shape{size});
  EXPECT_EQ(memory_stats().allocated, asked);
}

TEST(Memory, ThatIsNotInUseIsReleased) {
  const Tensor kept = full({odd_size}, 1);
  Tensor({2 * odd_size});
  EXPECT_GT(memory_stats().reserved, memory_stats().live);
  release_unused();
  EXPECT_EQ(memory_stats().reserved, memory_stats().live);
  EXPECT_EQ(kept[odd_size - 1], 1);
  const long asked = memory_stats().allocated;
  Tensor({2 * odd_size});
  EXPECT_EQ(memory_stats().allocated, asked + 1);
}

TEST(Memory, ThePeakOfTheProcessIsInMegabytes) {
  constexpr long megabytes = 256;
  const Tensor large = full({megabytes * (1 << 20) / static_cast<long>(sizeof(real))}, 1);
  EXPECT_GE(peak_megabytes(), megabytes);
  EXPECT_LT(peak_megabytes(), 100 * megabytes);
}

}  // namespace
}  // namespace excite
