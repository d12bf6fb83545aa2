#include "core/text.h"

#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(Text, NearestIsTheFewestLettersAway) {
  const std::vector<std::string> models{"resnet20", "se_resnet20", "se_resnet110"};
  EXPECT_EQ(nearest("se_resnet2", models), "se_resnet20");
  EXPECT_EQ(nearest("seresnet20", models), "se_resnet20");
  EXPECT_EQ(nearest("rsenet20", models), "resnet20");
  EXPECT_EQ(nearest("se_resnet10", models), "se_resnet20");  // as near as se_resnet110, and first
  EXPECT_EQ(nearest("", models), "resnet20");
  EXPECT_EQ(nearest("axb", {"ayc", "ab"}), "ab");  // one letter deleted is nearer than two replaced
  EXPECT_EQ(nearest("ab", {"cd", "axb"}), "axb");  // one inserted
  EXPECT_EQ(nearest("ab", {"abcd", "ac"}), "ac");  // one replaced is nearer than two inserted
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Text, SplitsAndJoins) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(split("a,b", ','), (Words{"a", "b"}));
  EXPECT_EQ(split("a,,b", ','), (Words{"a", "", "b"}));
  EXPECT_EQ(split("", ','), Words{});
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, TellsUtf8FromOtherBytes) {
  for (const char* good : {"", "cat", "Grau\xc3\x9f", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xc3", "\xfc", "a\xc3(", "\xc1\xbf", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Require, ThrowsASentenceOfItsKind) {
  EXPECT_NO_THROW(require(true, "nothing"));
  EXPECT_TRUE(fails_saying([] { require(false, "there are ", 3, ", expected ", 4); },
                           {"there are 3, expected 4"}));
  EXPECT_THROW(require<FileError>(false, ""), FileError);
  EXPECT_THROW(require<UsageError>(false, ""), UsageError);
}

}  // namespace
}  // namespace excite
