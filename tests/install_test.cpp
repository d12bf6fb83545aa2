// What `make install` puts somewhere is enough for a project of somebody else's, told by pkg-config
// alone.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Install : testing::Test {
  const ScratchFolder folder;
  const std::string stage = folder / "stage", prefix = stage + "/opt/excite";

  // From what is built already: `-o all` keeps make from building it anew with flags that may be
  // others.
  void SetUp() override {
    const std::string build = std::filesystem::path(program()).parent_path();
    const Ending made = shell("env -u MAKEFLAGS make -s -o all install BUILD=" + build +
                              " DESTDIR=" + stage + " PREFIX=/opt/excite");
    ASSERT_EQ(made.code, 0) << made.out << made.err;
  }

  Ending pkg_config(const std::string& arguments) const {
    return shell("PKG_CONFIG_PATH=" + prefix + "/lib/pkgconfig pkg-config " + arguments);
  }

  // In a folder of its own, where the headers of this source tree are not at hand; and all its
  // tests, whatever share of ours this process runs.
  Ending build_and_run(const std::string& source, const std::string& package,
                       const std::string& more = "") const {
    put(folder / "consumer.cpp", source);
    return shell("cd " + folder.path() +
                 " && g++ -Wall -Wextra -Werror $EXTRA consumer.cpp $(PKG_CONFIG_PATH=" + prefix +
                 "/lib/pkgconfig pkg-config --cflags --libs " + package + ") " + more +
                 " -o consumer && GTEST_TOTAL_SHARDS=1 GTEST_SHARD_INDEX=0 ./consumer");
  }
};

TEST_F(Install, AnOperationOfSomebodyElsesHasItsGradientChecked) {
  std::string source = get("tests/consumer/gradient_check.cpp");
  const Ending right = build_and_run(source, "excite-double", "-lgtest -lgtest_main");
  EXPECT_EQ(right.code, 0) << right.out << right.err;
  expect_contains(right.out, "[  PASSED  ] 1 test");
  source.replace(source.find("dy * 3 * v"), 6, "dy * 2");
  const Ending wrong = build_and_run(source, "excite-double", "-lgtest -lgtest_main");
  EXPECT_EQ(wrong.code, 1) << wrong.err;
  expect_contains(wrong.out, "input 1 [2, 3]");
}

TEST_F(Install, ANetworkIsBuiltFromTheStagedFolder) {
  for (const auto& [package, bytes] : {std::pair{"excite", "4"}, {"excite-double", "8"}}) {
    const Ending o = build_and_run(get("tests/consumer/small_program.cpp"), package);
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(o.out, std::string(bytes) + " bytes, 274847 parameters, loss positive\n");
  }
}

TEST_F(Install, TheInstalledHeadersIncludeNothingThatIsNotThere) {
  const Ending o = shell(
      "cd " + prefix + "/include/excite && find . -name '*.h' | sed 's/.*/#include \"&\"/' >" +
      (folder / "all.cpp") + " && g++ -fsyntax-only $(PKG_CONFIG_PATH=" + prefix +
      "/lib/pkgconfig pkg-config --cflags excite) " + (folder / "all.cpp"));
  EXPECT_EQ(o.code, 0) << o.err;
}

TEST_F(Install, TheProgramsAndTheirVersionAreThere) {
  for (const std::string name : {"excite", "excite-double"}) {
    const Ending models = shell(prefix + "/bin/" + name + " models");
    EXPECT_EQ(models.code, 0) << models.err;
    const Ending version = shell(prefix + "/bin/" + name + " --version");
    expect_contains(version.out, pkg_config("--modversion " + name).out);
  }
}

}  // namespace
}  // namespace excite
