// tools/scripts/install, with stand-ins for apt-get and its kin that write down how they were
// called.
#include <gtest/gtest.h>

#include <filesystem>

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
    stand_in("apt-get", "echo $DEBIAN_FRONTEND \"$@\" >>" + calls);
  }
  Ending install(const std::string& packages) const {
    return shell("PATH=" + folder.path() + ":$PATH tools/scripts/install " + packages);
  }
  Ending install_with_nothing_but(const std::string& tools) const {
    return shell("for tool in " + tools + "; do [ -e " + folder.path() +
                 "/$tool ] || ln -s $(command -v $tool) " + folder.path() +
                 "/; done; PATH=" + folder.path() + " bash tools/scripts/install missing other");
  }
};

TEST_F(Packages, ThatAreThereAreNotInstalledAgain) {
  const Ending ended = install("here");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_FALSE(std::filesystem::exists(calls));
}

TEST_F(Packages, ThatAreMissingAreNamedAndInstalledWithoutQuestionsWaitingForAnotherApt) {
  const Ending ended = install("here missing other");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "installing missing other\n");
  const std::string how = "noninteractive -qq -o DPkg::Lock::Timeout=600 ";
  EXPECT_EQ(get(calls),
            how + "update\n" + how + "install -y --no-install-recommends missing other\n");
}

TEST_F(Packages, ListsThatAreLockedAreAskedForAgain) {
  stand_in("apt-get", "echo \"$4\" >>" + calls + "; [ $(grep -c update " + calls + ") -ge 3 ]");
  EXPECT_EQ(install("missing").code, 0);
  EXPECT_EQ(get(calls), "update\nupdate\nupdate\ninstall\n");
}

TEST_F(Packages, WithoutRootAndSudoItSaysWhatIsNeeded) {
  stand_in("id", "echo 1000");
  const Ending ended = install_with_nothing_but("bash dpkg-query id apt-get");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err, "neither root nor sudo");
  expect_contains(ended.err, "apt-get install missing other");
}

TEST_F(Packages, WithoutAptItSaysWhatIsNeeded) {
  std::filesystem::remove(folder / "apt-get");
  const Ending ended = install_with_nothing_but("bash id");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err, "no apt-get");
  expect_contains(ended.err, "missing other");
}

}  // namespace
}  // namespace excite
