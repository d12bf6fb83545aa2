#include "core/control_groups.h"

#include <algorithm>
#include <fstream>

#include "core/text.h"

namespace excite {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// A container often sees its own group at the top, whatever path proc/self/cgroup names. A line
// there is
//   0::/PATH                    in version 2
//   4:cpu,cpuacct:/PATH         in version 1, where these controllers have a hierarchy of their own
std::vector<std::filesystem::path> control_groups(const std::filesystem::path& root,
                                                  const std::string& controller) {
  const std::filesystem::path top = root / "sys/fs/cgroup";
  std::vector<std::filesystem::path> groups{top, top / controller};
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> parts = split(line, ':');
    if (parts.size() < 3) continue;
    const std::vector<std::string> controllers = split(parts[1], ',');
    if (!controllers.empty() && std::ranges::count(controllers, controller) == 0) continue;
    groups.push_back(top / parts[1]);
    const std::string path = line.substr(parts[0].size() + parts[1].size() + 2);
    for (const auto& name : std::filesystem::path(path).relative_path()) {
      if (name == "..") break;  // outside of what the process can see
      groups.push_back(groups.back() / name);
    }
  }
  return groups;
}

}  // namespace excite
