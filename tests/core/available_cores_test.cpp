// The quotas of control groups, read from folders that look like Linux's /proc and /sys.
#include "core/available_cores.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/scratch.h"

namespace excite {
namespace {

class AvailableCores : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& contents) const {
    std::filesystem::create_directories(std::filesystem::path(root_ / path).parent_path());
    put(root_ / path, contents);
  }
  int of(int cores) const { return cores_within_quota(cores, root_.path()); }

 private:
  ScratchFolder root_;
};

TEST_F(AvailableCores, AreAllWithoutAQuota) {
  EXPECT_EQ(of(8), 8) << "no files at all";
  write("proc/self/cgroup", "0::/user.slice\n");
  write("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  EXPECT_EQ(of(8), 8) << "version 2";
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(of(8), 8) << "version 1";
}

TEST_F(AvailableCores, AreTheQuotaRoundedUpAndAtMostThoseOfTheMachine) {
  const auto with_quota = [&](const std::string& quota, int cores) {
    write("sys/fs/cgroup/cpu.max", quota);
    return of(cores);
  };
  EXPECT_EQ(with_quota("200000 100000\n", 8), 2);
  EXPECT_EQ(with_quota("150000 100000\n", 8), 2);
  EXPECT_EQ(with_quota("200001 100000\n", 8), 3);
  EXPECT_EQ(with_quota("50000 50000\n", 8), 1);
  EXPECT_EQ(with_quota("1000 100000\n", 8), 1);
  EXPECT_EQ(with_quota("1600000 100000\n", 8), 8);
  EXPECT_EQ(with_quota("9223372036854775807 1\n", 8), 8);
}

// A process on the host sees all groups. The quota of any group around its own limits it too.
TEST_F(AvailableCores, AreLimitedByTheProcessesGroupAndTheGroupsAroundIt) {
  write("proc/self/cgroup", "0::/machine.slice/a:b.scope/leaf\n");
  write("sys/fs/cgroup/machine.slice/a:b.scope/leaf/cpu.max", "300000 100000\n");
  EXPECT_EQ(of(8), 3);
  write("sys/fs/cgroup/machine.slice/cpu.max", "200000 100000\n");
  EXPECT_EQ(of(8), 2);
  write("sys/fs/cgroup/other.slice/cpu.max", "100000 100000\n");
  EXPECT_EQ(of(8), 2) << "a group that does not contain the process";
}

TEST_F(AvailableCores, FollowTheQuotaOfVersion1) {
  write("proc/self/cgroup",
        "12:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/docker/1f\n0::/\n");
  write("sys/fs/cgroup/memory/docker/1f/cpu.cfs_quota_us", "100000\n");
  write("sys/fs/cgroup/memory/docker/1f/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(of(8), 8) << "memory is another controller";
  write("sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_quota_us", "250000\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_period_us", "50000\n");
  EXPECT_EQ(of(8), 5);
}

// In a container, proc/self/cgroup may name the group as the host sees it, and sys/fs/cgroup may
// begin at the container's own group.
TEST_F(AvailableCores, FollowTheQuotaOfAContainerThatSeesItsOwnGroupAtTheTop) {
  write("proc/self/cgroup", "4:cpu,cpuacct:/docker/1f\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(of(8), 4);
  write("proc/self/cgroup", "0::/../../sibling\n");
  write("sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(of(8), 3);
}

TEST_F(AvailableCores, IgnoreMalformedFiles) {
  for (const char* quota :
       {"", "\n", "200000", "200000 ", " 200000 100000", "200000 100000 7", "2e5 100000", "0x2 1",
        "200000 0", "0 100000", "-200000 100000", "200000 -1", "99999999999999999999 1",
        "min 100000", "200000\t100000"}) {
    write("sys/fs/cgroup/cpu.max", quota);
    EXPECT_EQ(of(8), 8) << '"' << quota << '"';
  }
  for (const char* lines :
       {"", "\n", ":", "::", "0:", "0::", "text", ":::::", "0::../../..", "0:,:/"}) {
    write("proc/self/cgroup", lines);
    EXPECT_EQ(of(8), 8) << '"' << lines << '"';
  }
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
  EXPECT_EQ(of(8), 8) << "a quota without a period";
}

TEST(AvailableCoresOfThisMachine, AreBetweenOneAndThoseOfItsHardware) {
  EXPECT_GE(available_cores(), 1);
  EXPECT_LE(available_cores(), static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
}

}  // namespace
}  // namespace excite
