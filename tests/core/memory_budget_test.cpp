#include "core/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// The budget of the process is as before when a test ends.
struct MemoryBudget : testing::Test {
  const long before = max_memory();
  ~MemoryBudget() override { set_max_memory(before); }
};

TEST_F(MemoryBudget, RefusesMoreThanItHasWithBothNumbers) {
  set_max_memory(100'000'000);
  require_memory(100'000'000, "this");
  EXPECT_TRUE(fails_saying<MemoryError>(
      [] { require_memory(100'000'001, "a.png: decoding 9 x 9 pixels"); },
      {"a.png: decoding 9 x 9 pixels needs 101 MB of memory, but at most 100 MB may be used; "
       "--max-memory changes this limit"}));
  EXPECT_THROW(MemoryReservation(100'000'001, "this"), MemoryError);
  EXPECT_THROW(set_max_memory(0), Error);
}

TEST_F(MemoryBudget, AReservationWaitsUntilOthersGiveBackTheirs) {
  set_max_memory(100);
  MemoryReservation first(60, "first");
  std::atomic<bool> reserved = false;
  std::thread other([&] {
    const MemoryReservation second(50, "second");
    reserved = true;
  });
  const MemoryReservation small(40, "small");  // fits beside the first
  EXPECT_FALSE(reserved);
  MemoryReservation moved(std::move(first));
  EXPECT_FALSE(reserved);
  moved = {};
  other.join();
  EXPECT_TRUE(reserved);
}

// A folder with the files that the system shows.
struct FreeMemory : testing::Test {
  const ScratchFolder root;
  void file(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path path = root / name;
    std::filesystem::create_directories(path.parent_path());
    put(path, bytes);
  }
};

TEST_F(FreeMemory, IsWhatTheSystemHasAvailable) {
  file("proc/meminfo", "MemTotal:  9000000 kB\nMemAvailable:   5000000 kB\n");
  EXPECT_EQ(free_memory(root.path()), 5'000'000l * 1024);
}

TEST_F(FreeMemory, IsWithinTheLimitsOfControlGroups) {
  file("proc/meminfo", "MemAvailable: 5000000 kB\n");
  file("proc/self/cgroup", "0::/a/b\n");
  file("sys/fs/cgroup/a/memory.max", "1000000\n");
  file("sys/fs/cgroup/a/memory.current", "600000\n");
  file("sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 50000\n");
  file("sys/fs/cgroup/a/b/memory.max", "max\n");
  file("sys/fs/cgroup/a/b/memory.current", "600000\n");
  EXPECT_EQ(free_memory(root.path()), 450'000);
}

TEST_F(FreeMemory, IsWithinTheLimitsOfControlGroupsOfVersion1) {
  file("proc/meminfo", "MemAvailable: 5000000 kB\n");
  file("proc/self/cgroup", "5:memory:/job\n4:cpu:/job\n");
  file("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2000000\n");
  file("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "500000\n");
  EXPECT_EQ(free_memory(root.path()), 1'500'000);
}

}  // namespace
}  // namespace excite
