// The control groups of the process, by which the system and containers limit what it may use.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace excite {

// Their folders below the file system's root, each after the groups that contain it. `controller`
// is the one that is asked for, such as "cpu" or "memory". Folders that do not exist are included.
std::vector<std::filesystem::path> control_groups(const std::filesystem::path& root,
                                                  const std::string& controller);

std::string first_line(const std::filesystem::path& file);  // "" if it cannot be read

}  // namespace excite
