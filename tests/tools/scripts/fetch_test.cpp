#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Fetch : testing::Test {
  ScratchFolder folder;
  const std::string source = folder / "source", into = folder / "into", dest = into + "/it/got",
                    port = folder / "port";
  std::string sum;
  void SetUp() override {
    std::string content;
    for (int i = 0; i < 100'000; i++) content += static_cast<char>(i * 31 % 251);
    put(source, content);
    sum = shell("sha256sum <" + source).out.substr(0, 64);
  }
  // Starts the server in a mode of range_server.py, downloads from it, and stops it.
  Ending fetch(const std::string& mode, const std::string& path, long size,
               const std::string& sha256, const std::string& md5 = "") const {
    return shell(
        "python3 tests/tools/scripts/range_server.py " + source + " " + mode + " >" + port +
        " & server=$!; while ! [ -s " + port +
        " ]; do sleep 0.05; done; FETCH_STALL=1 tools/scripts/fetch http://127.0.0.1:$(cat " +
        port + ")" + path + " " + std::to_string(size) + " " + sha256 + " " + dest + " " + md5 +
        "; code=$?; kill $server; rm " + port + "; exit $code");
  }
  void expect_nothing_left() const {
    EXPECT_FALSE(std::filesystem::exists(into));  // not even the folder that it created
  }
};

TEST_F(Fetch, DownloadsThroughBrokenOrStalledConnectionsAndWithoutRanges) {
  for (const char* mode : {"", "break", "stall", "plain"}) {
    std::filesystem::remove(dest);
    if (std::string(mode) == "plain") put(dest + ".part", "old");
    const Ending o = fetch(mode, "/file", 100'000, sum);
    EXPECT_EQ(o.code, 0) << mode << ": " << o.err;
    EXPECT_TRUE(get(dest) == get(source)) << mode;
  }
}

TEST_F(Fetch, ContinuesTheDownloadOfAnEarlierRun) {
  std::filesystem::create_directories(into + "/it");
  put(dest + ".part", get(source).substr(0, 60'000));
  EXPECT_EQ(fetch("", "/file", 100'000, sum).code, 0);
  EXPECT_TRUE(get(dest) == get(source));
}

TEST_F(Fetch, AWrongChecksumSizeOrAddressIsAnErrorAndLeavesNothing) {
  const Ending wrong_sum = fetch("", "/file", 100'000, std::string(64, '0'));
  EXPECT_EQ(wrong_sum.code, 1);
  expect_contains(wrong_sum.err, "sha256");
  expect_nothing_left();
  const Ending wrong_size = fetch("", "/file", 100'001, sum);
  EXPECT_EQ(wrong_size.code, 1);
  expect_contains(wrong_size.err, "100000 bytes, expected 100001");
  expect_nothing_left();
  const Ending wrong_md5 = fetch("", "/file", 100'000, sum, std::string(32, '0'));
  EXPECT_EQ(wrong_md5.code, 1);
  expect_contains(wrong_md5.err, "md5");
  expect_nothing_left();
  EXPECT_EQ(fetch("", "/file", 100'000, sum, shell("md5sum <" + source).out.substr(0, 32)).code, 0);
  std::filesystem::remove_all(into);
  EXPECT_EQ(fetch("", "/missing", 100'000, sum).code, 1);
  expect_nothing_left();
}

TEST_F(Fetch, RejectsAFileThatIsTooLarge) {
  for (const char* mode : {"", "long"}) {
    const Ending ended = fetch(mode, "/file", 50'000, sum);
    EXPECT_EQ(ended.code, 1) << mode;
    expect_contains(ended.err, "it is larger than 50000 bytes; nothing is kept");
    expect_nothing_left();
  }
}

TEST_F(Fetch, AcceptsOnlyHttp) {
  EXPECT_EQ(shell("tools/scripts/fetch file://" + source + " 100000 " + sum + " " + dest).code, 1);
  expect_nothing_left();
}

}  // namespace
}  // namespace excite
