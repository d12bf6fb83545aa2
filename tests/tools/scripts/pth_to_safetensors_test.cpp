// pth_to_safetensors reads PyTorch's files without PyTorch, and runs no code of them.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/files/safetensors.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using namespace std::literals;

Ending convert(const std::string& from, const std::string& to) {
  return shell("python3 tools/scripts/pth_to_safetensors '" + from + "' '" + to + "'");
}

void expect_refused(const Ending& ending, const std::string& words) {
  EXPECT_EQ(ending.code, 1) << ending.err;
  EXPECT_EQ(ending.out, "");
  EXPECT_EQ(ending.err.find("Traceback"), std::string::npos) << ending.err;
  expect_contains(ending.err, "pth_to_safetensors: " + words);
}

TEST(PthToSafetensors, ReadsBothFormatsOfPyTorch) {
  const ScratchFolder folder;
  for (const std::string name : {"pytorch.pth", "pytorch_before_1.6.pth"}) {
    const Ending ending = convert("tests/golden/" + name, folder / "out");
    ASSERT_EQ(ending.code, 0) << ending.err;
    expect_contains(ending.out, "6 tensors of the entry net");
    const SafetensorsFile file(folder / "out");
    Tensor rows({2, 3, 4});
    for (long i = 0; i < 24; i++) rows[i] = static_cast<real>(i);
    EXPECT_TRUE(same_bits(file.read("by_rows"), rows)) << name;
    EXPECT_TRUE(same_bits(file.read("by_columns"), Tensor({2, 3}, {0, 2, 4, 1, 3, 5}))) << name;
    EXPECT_TRUE(same_bits(file.read("a_view"), Tensor({3}, {2, 5, 8}))) << name;
    EXPECT_TRUE(same_bits(file.read("half"), Tensor({2}, {real(0.5), -2}))) << name;
    EXPECT_TRUE(same_bits(file.read("repeated"), Tensor({2, 3}, {1, 1, 1, 2, 2, 2}))) << name;
    EXPECT_EQ(file.read_integers("count"), std::vector<long>{7}) << name;
  }
}

TEST(PthToSafetensors, RunsNoCode) {
  const ScratchFolder folder;
  const std::string harmed = folder / "harmed", bad = folder / "bad.pth";
  const std::string call = "cos\nsystem\n(S'touch " + harmed + "'\ntR.";
  put(bad, call);
  expect_refused(convert(bad, folder / "out"), bad + ": cannot be read as a PyTorch file");
  // As an entry of a checkpoint of the old format: the magic number, two pickles, the checkpoint.
  put(bad,
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.(S'net'\n"s +
          call.substr(0, call.size() - 1) + "d.\x80\x02].");
  expect_refused(convert(bad, folder / "out"), bad + ": has no weights by name");
  EXPECT_FALSE(std::filesystem::exists(harmed)) << "a command of the file was run";
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST(PthToSafetensors, SaysWhatIsMissing) {
  const ScratchFolder folder;
  put(folder / "cut.pth", get("tests/golden/pytorch.pth").substr(0, 900));
  put(folder / "old.pth", get("tests/golden/pytorch_before_1.6.pth").substr(0, 1100));
  for (const char* name : {"cut.pth", "old.pth", "none.pth"})
    expect_refused(convert(folder / name, folder / "out"), (folder / name) + ": cannot be read");
  expect_contains(shell("python3 tools/scripts/pth_to_safetensors").err,
                  "usage: pth_to_safetensors IN.pth OUT.safetensors");
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace excite
