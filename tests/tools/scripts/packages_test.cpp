// tools/scripts/install and find-packages, with stand-ins for apt-get, dpkg-query, id, sleep and
// the compiler. The apt-get of these tests writes its arguments to a file and installs nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Packages : testing::Test {
  const ScratchFolder folder;
  const std::string calls = folder / "calls";
  void stand_in(const std::string& name, const std::string& script) const {
    put(folder / name, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(folder / name, std::filesystem::perms(0755));
  }
  void SetUp() override {
    stand_in("dpkg-query", "for name; do :; done; [ $name = here ] && echo install ok installed");
    stand_in("sleep", "");
    stand_in("id", "echo 0");
    stand_in("dpkg", "echo dpkg \"$@\" >>" + calls);
    stand_in("apt-get", "echo $DEBIAN_FRONTEND \"$@\" >>" + calls);
  }
  Ending install(const std::string& packages) const {
    return shell("PATH=" + folder.path() + ":$PATH tools/scripts/install " + packages);
  }
  // With these tools of the system, the stand-ins, and no other program.
  Ending install_with_only(const std::string& tools) const {
    return shell("for tool in " + tools + "; do [ -e " + folder.path() +
                 "/$tool ] || ln -s $(command -v $tool) " + folder.path() +
                 "/; done; PATH=" + folder.path() + " bash tools/scripts/install missing other");
  }
};

TEST_F(Packages, InstalledOnesAreNotInstalledAgain) {
  const Ending ended = install("here");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_FALSE(std::filesystem::exists(calls));
}

TEST_F(Packages, InstalledForTwoArchitecturesAreNotInstalledAgain) {
  stand_in("dpkg-query", "echo install ok installed; echo install ok installed");
  const Ending ended = install("here");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
}

TEST_F(Packages, MissingOnesAreInstalledWithoutQuestionsAfterAnAnnouncement) {
  const Ending ended = install("here libopenblas-dev missing libstb-dev");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out,
            "excite needs these Debian packages and installs them with apt-get: libopenblas-dev "
            "(matrix products), missing, libstb-dev (image files).\n"
            "To install them yourself instead, press Ctrl-C now; then run: apt-get install "
            "libopenblas-dev missing libstb-dev; after that nothing is installed.\n");
  const std::string options = "noninteractive -qq -o DPkg::Lock::Timeout=600 ",
                    packages = "libopenblas-dev missing libstb-dev\n";
  EXPECT_EQ(get(calls),
            options + "update\n" + options + "install -y --no-install-recommends " + packages);
}

TEST_F(Packages, AreInstalledWithSudoByAUserWhoHasIt) {
  stand_in("id", "echo 1000");
  stand_in("sudo", "echo sudo >>" + calls + "; exec \"$@\"");
  const Ending ended = install("g++ missing");
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "then run: sudo apt-get install g++ missing; after that");
  expect_contains(get(calls), "sudo\nnoninteractive -qq -o DPkg::Lock::Timeout=600 install -y");
}

TEST_F(Packages, OfAnotherArchitectureAreAllowedFirst) {
  stand_in("id", "echo 1000");
  stand_in("sudo", "exec \"$@\"");
  const Ending ended = install("libopenblas-dev:arm64 missing other:arm64");
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "libopenblas-dev:arm64 (matrix products), missing, other:arm64.");
  expect_contains(ended.out,
                  "then run: sudo dpkg --add-architecture arm64; sudo apt-get update; sudo apt-get "
                  "install libopenblas-dev:arm64 missing other:arm64; after that");
  const std::string options = "noninteractive -qq -o DPkg::Lock::Timeout=600 ";
  EXPECT_EQ(get(calls), "dpkg --add-architecture arm64\n" + options + "update\n" + options +
                            "install -y --no-install-recommends libopenblas-dev:arm64 missing "
                            "other:arm64\n");
}

// Every package that the Makefile installs has its reason in the script.
TEST_F(Packages, OfTheMakefileHaveAReason) {
  std::string packages;
  std::istringstream makefile(get("Makefile"));
  for (std::string line; std::getline(makefile, line);)
    if (const std::size_t at = line.find("tools/scripts/install "); at != std::string::npos)
      packages += line.substr(at + std::string("tools/scripts/install").size());
  const Ending ended = install(packages);
  EXPECT_EQ(ended.code, 0) << ended.err;
  const std::string announced = ended.out.substr(0, ended.out.find('\n'));
  const auto commas = std::count(announced.begin(), announced.end(), ',');
  EXPECT_GT(commas, 10);
  EXPECT_EQ(std::count(announced.begin(), announced.end(), '('), commas + 1) << announced;
}

TEST_F(Packages, UpdateIsRepeatedWhileAnotherAptRuns) {
  stand_in("apt-get", "echo \"$4\" >>" + calls + "; [ $(grep -c update " + calls + ") -ge 3 ]");
  EXPECT_EQ(install("missing").code, 0);
  EXPECT_EQ(get(calls), "update\nupdate\nupdate\ninstall\n");
}

TEST_F(Packages, WithoutRootAndSudoAreNamedInAnError) {
  stand_in("id", "echo 1000");
  const Ending ended = install_with_only("bash dpkg-query id apt-get");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err, "excite needs these Debian packages: missing, other.");
  expect_contains(ended.err, "not root and there is no sudo");
  expect_contains(ended.err, "run as root: apt-get install missing other");
  EXPECT_EQ(ended.out, "");
  EXPECT_FALSE(std::filesystem::exists(calls));
}

TEST_F(Packages, WithoutAptAreNamedInAnError) {
  std::filesystem::remove(folder / "apt-get");
  const Ending ended = install_with_only("bash id");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err, "no apt-get");
  expect_contains(ended.err, "missing, other");
}

TEST_F(Packages, FindPackagesPrintsNothingWhereAllAreInstalled) {
  const Ending ended = shell("CXX=g++ tools/scripts/find-packages");
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out + ended.err, "");
}

TEST_F(Packages, FindPackagesNamesMissingOnesInOneSentence) {
  stand_in("no-headers", "exit 1");
  const Ending ended = shell("CXX=" + (folder / "no-headers") + " tools/scripts/find-packages");
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(
      ended.err,
      "excite: these packages are missing: libopenblas-dev libstb-dev libwebp-dev libcli11-dev "
      "nlohmann-json3-dev on Debian, where `make packages` installs them (Fedora: "
      "openblas-devel stb-devel libwebp-devel cli11-devel json-devel; Arch: openblas stb "
      "libwebp cli11 nlohmann-json; Homebrew: openblas github.com/nothings/stb webp cli11 "
      "nlohmann-json)\n");
}

TEST_F(Packages, FindPackagesSaysWhichArchitectureACrossCompilerNeeds) {
  stand_in("cross", "[ \"$1\" = -dumpmachine ] && echo aarch64-linux-gnu");
  stand_in("uname", "echo x86_64");
  const Ending ended = shell("PATH=" + folder.path() + ":$PATH; CXX=" + (folder / "cross") +
                             " tools/scripts/find-packages");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err, "cross needs the packages of arm64; `make test-arm64` installs them");
  expect_contains(ended.err, "these packages are missing: libopenblas-dev");
}

TEST_F(Packages, FindPackagesNamesAMissingCompiler) {
  const Ending ended = shell("CXX=" + (folder / "none") + " tools/scripts/find-packages");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err, "the compiler " + (folder / "none") + " is missing");
  expect_contains(ended.err, "`make packages`");
}

}  // namespace
}  // namespace excite
