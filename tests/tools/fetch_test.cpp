#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/tools/outcome.h"

namespace excite {
namespace {

struct Fetch : testing::Test {
  Folder folder;
  const std::string source = folder.path + "/source", dest = folder.path + "/got";
  std::string sum;
  void SetUp() override {
    std::string content;
    for (int i = 0; i < 100'000; i++) content += static_cast<char>(i * 31 % 251);
    std::ofstream(source, std::ios::binary) << content;
    sum = shell("sha256sum <" + source + " | cut -c1-64").text.substr(0, 64);
  }
  static Outcome shell(const std::string& command) {
    Outcome o;
    FILE* pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
    for (int c; (c = fgetc(pipe)) != EOF;) o.text += static_cast<char>(c);
    o.code = WEXITSTATUS(pclose(pipe));
    return o;
  }
  // Starts the server, fetches from it, stops it.
  Outcome fetch(const std::string& how, const std::string& path, long size, const std::string& sha256) const {
    return shell("python3 tests/tools/range_server.py " + source + " " + how + " >" + folder.path + "/port & server=$!; while ! [ -s " + folder.path +
                 "/port ]; do sleep 0.05; done; tools/fetch http://127.0.0.1:$(cat " + folder.path + "/port)" + path + " " + std::to_string(size) + " " + sha256 +
                 " " + dest + "; code=$?; kill $server; rm " + folder.path + "/port; exit $code");
  }
  void nothing_is_left() const {
    EXPECT_FALSE(std::filesystem::exists(dest));
    EXPECT_FALSE(std::filesystem::exists(dest + ".part"));
  }
};

TEST_F(Fetch, GetsTheFileAlsoThroughABrokenConnectionAndFromAServerWithoutRanges) {
  for (const char* how : {"", "break", "plain"}) {
    std::filesystem::remove(dest);
    if (std::string(how) == "plain") std::ofstream(dest + ".part", std::ios::binary) << "old";
    const Outcome o = fetch(how, "/file", 100'000, sum);
    EXPECT_EQ(o.code, 0) << how << ": " << o.text;
    EXPECT_TRUE(bytes_of(dest) == bytes_of(source)) << how;
  }
}

TEST_F(Fetch, ResumesWhatAnEarlierRunHadGot) {
  std::ofstream(dest + ".part", std::ios::binary) << bytes_of(source).substr(0, 60'000);
  EXPECT_EQ(fetch("", "/file", 100'000, sum).code, 0);
  EXPECT_TRUE(bytes_of(dest) == bytes_of(source));
}

TEST_F(Fetch, AWrongSumOrSizeOrAddressIsAnErrorAndLeavesNothing) {
  const Outcome wrong_sum = fetch("", "/file", 100'000, std::string(64, '0'));
  EXPECT_EQ(wrong_sum.code, 1);
  EXPECT_NE(wrong_sum.text.find("sha256"), std::string::npos) << wrong_sum.text;
  nothing_is_left();
  const Outcome wrong_size = fetch("", "/file", 100'001, sum);
  EXPECT_EQ(wrong_size.code, 1);
  EXPECT_NE(wrong_size.text.find("100000 bytes, expected 100001"), std::string::npos) << wrong_size.text;
  nothing_is_left();
  EXPECT_EQ(fetch("", "/missing", 100'000, sum).code, 1);
  nothing_is_left();
}

}  // namespace
}  // namespace excite
