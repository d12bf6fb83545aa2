// The number of cores that the process may use. In a container this is often fewer than the machine
// has: Linux gives a control group (cgroup) a quota of processor time, and more threads than that
// only wait for each other.
#pragma once
#include <filesystem>

namespace excite {

// The default number of threads: the cores that the process may run on (its affinity mask), or the
// quota of its control group, rounded up, if that is less.
int available_cores();

// `cores`, or the quota if it is less, rounded up; at least 1. The quota is the smallest of the
// process's control group and the groups that contain it. It is read from root/proc/self/cgroup
// and from cgroup version 2 (cpu.max) or 1 (cpu.cfs_quota_us and cpu.cfs_period_us) below
// root/sys/fs/cgroup. Files that are missing or malformed are ignored.
// Source: Linux, Documentation/admin-guide/cgroup-v2.rst and Documentation/scheduler/sched-bwc.rst
int cores_within_quota(int cores, const std::filesystem::path& root);

}  // namespace excite
