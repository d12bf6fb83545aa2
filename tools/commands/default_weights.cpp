#include "tools/commands/default_weights.h"

#include <filesystem>
#include <system_error>
#include <vector>

namespace excite {

namespace fs = std::filesystem;

std::string default_weights(const std::string& program) {
  const fs::path in_source_tree = default_weights_in_source_tree;
  std::vector<fs::path> candidates;
  if (!program.empty()) {
    const fs::path folder = fs::path(program).parent_path(), outer = folder.parent_path();
    candidates = {outer / "share/excite" / in_source_tree.filename(), outer / in_source_tree,
                  outer.parent_path() / in_source_tree};
  }
  candidates.push_back(in_source_tree);
  std::error_code none;
  for (const fs::path& path : candidates)
    if (fs::is_regular_file(path, none)) return path.string();
  return "";
}

std::string running_program() {
  std::error_code none;
  return fs::read_symlink("/proc/self/exe", none).string();
}

}  // namespace excite
