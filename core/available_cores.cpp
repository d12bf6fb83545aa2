#include "core/available_cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/text.h"

namespace excite {

namespace {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

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

// The folders of the process's control groups, each after the groups that contain it. A container
// often sees its own group at the top, whatever path proc/self/cgroup names. A line there is
//   0::/PATH                    in version 2
//   4:cpu,cpuacct:/PATH         in version 1, where these controllers have a hierarchy of their own
std::vector<std::filesystem::path> control_groups(const std::filesystem::path& root) {
  const std::filesystem::path top = root / "sys/fs/cgroup";
  std::vector<std::filesystem::path> groups{top, top / "cpu"};
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> parts = split(line, ':');
    if (parts.size() < 3) continue;
    const std::vector<std::string> controllers = split(parts[1], ',');
    if (!controllers.empty() && std::ranges::count(controllers, "cpu") == 0) continue;
    groups.push_back(top / parts[1]);
    const std::string path = line.substr(parts[0].size() + parts[1].size() + 2);
    for (const auto& name : std::filesystem::path(path).relative_path()) {
      if (name == "..") break;  // outside of what the process can see
      groups.push_back(groups.back() / name);
    }
  }
  return groups;
}

}  // namespace

int cores_within_quota(int cores, const std::filesystem::path& root) {
  double allowed = cores;
  for (const auto& group : control_groups(root))
    allowed = std::min(allowed, cores_of_group(group, cores));
  return std::max(1, static_cast<int>(std::ceil(allowed)));
}

int available_cores() {
  return cores_within_quota(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())),
                            "/");
}

}  // namespace excite
