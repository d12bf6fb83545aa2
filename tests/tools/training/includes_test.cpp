// tools/data and tools/training are a library: they may not depend on the program around them.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

std::vector<std::string> includes_of_tools(const std::string& path) {
  std::vector<std::string> includes;
  for (const std::string& line : split(get(path), '\n'))
    if (line.starts_with("#include \"tools/")) includes.push_back(line.substr(10));
  return includes;
}

TEST(Includes, DataAndTrainingIncludeNoOtherFolderOfTools) {
  for (const std::string folder : {"tools/data", "tools/training"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string path = entry.path();
      if (!path.ends_with(".h") && !path.ends_with(".cpp")) continue;
      for (const std::string& include : includes_of_tools(path)) {
        const bool is_training =
            folder == "tools/training" && include.starts_with("tools/training/");
        EXPECT_TRUE(is_training || include.starts_with("tools/data/"))
            << path << " includes " << include;
      }
    }
}

}  // namespace
}  // namespace excite
