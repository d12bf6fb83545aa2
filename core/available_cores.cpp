#include "core/available_cores.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "core/control_groups.h"
#include "core/text.h"

namespace excite {

namespace {

// The cores that a quota of processor time allows: `quota` microseconds in each `period`. Without a
// quota, version 2 has the word "max" and version 1 has -1.
double cores_of(const std::string& quota, const std::string& period, double otherwise) {
  const auto time = parse_number<long>(quota), each = parse_number<long>(period);
  if (!time || !each || *time <= 0 || *each <= 0) return otherwise;
  return static_cast<double>(*time) / static_cast<double>(*each);
}

double cores_of_group(const std::filesystem::path& group, double otherwise) {
  if (const auto words = split(first_line(group / "cpu.max"), ' '); words.size() == 2)
    return cores_of(words[0], words[1], otherwise);
  return cores_of(first_line(group / "cpu.cfs_quota_us"), first_line(group / "cpu.cfs_period_us"),
                  otherwise);
}

}  // namespace

int cores_within_quota(int cores, const std::filesystem::path& root) {
  double allowed = cores;
  for (const auto& group : control_groups(root, "cpu"))
    allowed = std::min(allowed, cores_of_group(group, cores));
  return std::max(1, static_cast<int>(std::ceil(allowed)));
}

int available_cores() {
  return cores_within_quota(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())),
                            "/");
}

}  // namespace excite
