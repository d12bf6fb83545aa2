// Exercises for readers, made from the sources: `make exercises` (tools/exercises).
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

constexpr int exercise_count = 15;

struct Exercises : testing::Test {
  ScratchFolder folder;
  const std::string work = folder / "work";
  Ending exercise(const std::string& arguments) const {
    return shell("EXERCISES=" + work + " bash tools/exercises/exercise " + arguments);
  }
  Ending check(int n) const {
    return shell("EXERCISES=" + work + " make -s check N=" + std::to_string(n));
  }
  // The reader's file of exercise n, and its path in the repository.
  std::pair<std::string, std::string> opened(int n) const {
    exercise("open " + std::to_string(n));
    const Ending found = shell("cd " + work + "/" + (n < 10 ? "0" : "") + std::to_string(n) +
                               "-* && pwd && find . -name '*.cpp' -o -name '*.h' | sed 's|^./||'");
    const std::size_t line = found.out.find('\n');
    const std::string source = found.out.substr(line + 1, found.out.size() - line - 2);
    return {found.out.substr(0, line) + "/" + source, source};
  }
};

// Each one's part to cut out is there once, or `open` would fail.
TEST_F(Exercises, AreMadeFromTheSourcesAsTheyAre) {
  for (int n = 1; n <= exercise_count; n++) {
    const Ending ending = exercise("open " + std::to_string(n));
    EXPECT_EQ(ending.code, 0) << ending.err;
    const auto [mine, source] = opened(n);
    EXPECT_NE(get(mine).find("#include"), std::string::npos) << mine;
    EXPECT_EQ(get(mine).find(get(source)), std::string::npos) << source << " has nothing cut out";
  }
  EXPECT_EQ(exercise("open 16").code, 1);
}

TEST_F(Exercises, OpenedAgainKeepWhatTheReaderWrote) {
  const std::string mine = opened(1).first;
  put(mine, "my code");
  EXPECT_NE(exercise("open 1").out.find("is open already"), std::string::npos);
  EXPECT_EQ(get(mine), "my code");
}

TEST_F(Exercises, ShowOneHintMoreEachTime) {
  EXPECT_EQ(exercise("hint 1").code, 1);  // not opened yet
  exercise("open 1");
  for (int hints = 1; hints <= 3; hints++)
    EXPECT_NE(exercise("hint 1").out.find("(" + std::to_string(hints) + " of 3 hints)"),
              std::string::npos);
  EXPECT_NE(exercise("hint 1").out.find("(3 of 3 hints)"), std::string::npos);
}

TEST_F(Exercises, ListSaysWhichAreOpenAndSolved) {
  exercise("open 1");
  exercise("open 2");
  put(work + "/01-sigmoid/solved", "");
  const std::string list = exercise("list").out;
  EXPECT_NE(list.find("[x]  1  The gradient of sigmoid"), std::string::npos) << list;
  EXPECT_NE(list.find("[o]  2  "), std::string::npos) << list;
  EXPECT_NE(list.find("[ ]  3  "), std::string::npos) << list;
  EXPECT_NE(list.find("solved 1 of 15"), std::string::npos) << list;
}

struct NightExercises : Exercises {};

TEST_F(NightExercises, FailWhileThePartIsMissingAndPassWithTheOriginal) {
  for (int n = 1; n <= exercise_count; n++) {
    const auto [mine, source] = opened(n);
    const Ending missing = check(n);
    EXPECT_NE(missing.code, 0) << source;
    EXPECT_NE(missing.err.find("not yet: the tests of exercise"), std::string::npos) << missing.err;
    put(mine, get(source));
    const Ending solved = check(n);
    EXPECT_EQ(solved.code, 0) << source << ": " << solved.err;
    EXPECT_EQ(solved.out.find("Solved: "), 0u) << solved.out;
  }
}

}  // namespace
}  // namespace excite
