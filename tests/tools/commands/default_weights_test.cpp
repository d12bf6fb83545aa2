#include "tools/commands/default_weights.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::string name = "se_resnet20-cifar10.safetensors";

// Makes an empty file, and the folders above it.
std::string file(const ScratchFolder& folder, const std::string& path) {
  std::filesystem::create_directories(std::filesystem::path(folder / path).parent_path());
  put(folder / path, "");
  return folder / path;
}

TEST(DefaultWeights, AreInstalledBesideTheProgramsFolder) {
  const ScratchFolder folder;
  const std::string weights = file(folder, "usr/share/excite/" + name);
  EXPECT_EQ(default_weights(folder / "usr/bin/excite"), weights);
}

TEST(DefaultWeights, AreInTheSourceTreeAroundTheProgram) {
  const ScratchFolder folder;
  const std::string weights = file(folder, "tools/examples/" + name);
  EXPECT_EQ(default_weights(folder / "build/excite"), weights);
  EXPECT_EQ(default_weights(folder / "build/portable/excite"), weights);
}

// The tests run in a source tree.
TEST(DefaultWeights, MayBeInTheCurrentFolder) {
  EXPECT_EQ(default_weights("/nowhere/bin/excite"), default_weights_in_source_tree);
  EXPECT_EQ(default_weights(""), default_weights_in_source_tree);
}

TEST(DefaultWeights, AreUsedByPredictWhichSaysSo) {
  const Ending o = excite_program({"predict", "--top", "1", "tools/examples/cat.jpg"});
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_TRUE(o.out.starts_with("tools/examples/cat.jpg\n  cat  ")) << o.out;
  expect_contains(o.err, "excite: predict: no --weights: using ");
  expect_contains(o.err, name + ", which knows the ten classes of CIFAR-10\n");
  const Ending json = excite_program({"predict", "--json", "tools/examples/cat.jpg"});
  EXPECT_TRUE(json.out.starts_with("{")) << "standard output is JSON alone: " << json.out;
}

}  // namespace
}  // namespace excite
