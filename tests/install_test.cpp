// Other projects can build with what `make install` installs and with the flags that pkg-config
// prints.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Install : testing::Test {
  const ScratchFolder folder;
  const std::string stage = folder / "stage", prefix = stage + "/opt/excite";

  // `-o all` installs what is already built: make must not build it again with other flags.
  void SetUp() override {
    const std::string build = std::filesystem::path(program()).parent_path();
    const Ending made = shell("env -u MAKEFLAGS make -s -o all install BUILD=" + build +
                              " DESTDIR=" + stage + " PREFIX=/opt/excite");
    ASSERT_EQ(made.code, 0) << made.out << made.err;
  }

  Ending pkg_config(const std::string& arguments) const {
    return shell("PKG_CONFIG_PATH=" + prefix + "/lib/pkgconfig pkg-config " + arguments);
  }

  // Builds in a folder that has none of this source tree's headers. Runs all tests of the program:
  // without the shard of ours that this process runs.
  Ending build_and_run(const std::string& source, const std::string& package,
                       const std::string& libraries = "") const {
    put(folder / "consumer.cpp", source);
    return shell("cd " + folder.path() +
                 " && g++ -Wall -Wextra -Werror $EXTRA consumer.cpp $(PKG_CONFIG_PATH=" + prefix +
                 "/lib/pkgconfig pkg-config --cflags --libs " + package + ") " + libraries +
                 " -o consumer && GTEST_TOTAL_SHARDS=1 GTEST_SHARD_INDEX=0 ./consumer");
  }
};

TEST_F(Install, AnotherProjectCanCheckTheGradientOfItsOperation) {
  std::string source = get("tests/consumer/gradient_check.cpp");
  const Ending correct = build_and_run(source, "excite-double", "-lgtest -lgtest_main");
  EXPECT_EQ(correct.code, 0) << correct.out << correct.err;
  expect_contains(correct.out, "[  PASSED  ] 1 test");
  source.replace(source.find("dy * 3 * v"), 6, "dy * 2");
  const Ending wrong = build_and_run(source, "excite-double", "-lgtest -lgtest_main");
  EXPECT_EQ(wrong.code, 1) << wrong.err;
  expect_contains(wrong.out, "input 1 [2, 3]");
}

TEST_F(Install, AnotherProjectCanBuildANetworkInBothPrecisions) {
  for (const auto& [package, bytes] : {std::pair{"excite", "4"}, {"excite-double", "8"}}) {
    const Ending o = build_and_run(get("tests/consumer/small_program.cpp"), package);
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(o.out, std::string(bytes) + " bytes, 274847 parameters, loss positive\n");
  }
}

TEST_F(Install, InstalledHeadersIncludeOnlyInstalledHeaders) {
  const Ending o = shell(
      "cd " + prefix + "/include/excite && find . -name '*.h' | sed 's/.*/#include \"&\"/' >" +
      (folder / "all.cpp") + " && g++ -fsyntax-only $(PKG_CONFIG_PATH=" + prefix +
      "/lib/pkgconfig pkg-config --cflags excite) " + (folder / "all.cpp"));
  EXPECT_EQ(o.code, 0) << o.err;
}

TEST_F(Install, ProgramsRunAndHaveTheVersionOfPkgConfig) {
  for (const std::string name : {"excite", "excite-double"}) {
    const Ending models = shell(prefix + "/bin/" + name + " models");
    EXPECT_EQ(models.code, 0) << models.err;
    const Ending version = shell(prefix + "/bin/" + name + " --version");
    expect_contains(version.out, pkg_config("--modversion " + name).out);
  }
}

}  // namespace
}  // namespace excite
