#include "tools/training/run_folder.h"

#include <set>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(RunFolder, CreateRefusesAnExistingPath) {
  const ScratchFolder folder;
  RunFolder::create(folder / "deep/er");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "deep/er"));
  EXPECT_TRUE(fails_saying<UsageError>([&] { RunFolder::create(folder / "deep/er"); },
                                       {folder / "deep/er", "exists already", "--resume"}));
  put(folder / "file", "");
  EXPECT_TRUE(
      fails_saying<UsageError>([&] { RunFolder::create(folder / "file/"); }, {"exists already"}));
  EXPECT_TRUE(fails_saying<FileError>([&] { RunFolder::create(folder / "file/below"); },
                                      {folder / "file/below"}));
}

TEST(RunFolder, CreateNumberedTakesTheFirstFreeNumber) {
  const ScratchFolder folder;
  EXPECT_EQ(RunFolder::create_numbered(folder / "runs/net").path(), folder / "runs/net-1");
  EXPECT_EQ(RunFolder::create_numbered(folder / "runs/net").path(), folder / "runs/net-2");
}

TEST(RunFolder, IsLockedByOneProcessAtATime) {
  const ScratchFolder folder;
  const RunFolder locked = RunFolder::create(folder / "run");
  EXPECT_TRUE(fails_saying<Error>([&] { RunFolder::open(folder / "run"); },
                                  {folder / "run", "another process"}));
}

TEST(RunFolder, OpenRemovesUnfinishedFilesAndNothingElse) {
  const ScratchFolder folder;
  RunFolder::create(folder / "run");
  for (const char* name :
       {"last.safetensors", "last.safetensors.tmp.123", "log.csv.tmp.5", "notes.tmp.txt"})
    put(folder / "run" + "/" + name, "x");
  RunFolder::open(folder / "run/");
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "run"))
    left.insert(entry.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{"last.safetensors", "notes.tmp.txt"}));
  EXPECT_TRUE(
      fails_saying<FileError>([&] { RunFolder::open(folder / "nowhere"); }, {folder / "nowhere"}));
}

}  // namespace
}  // namespace excite
