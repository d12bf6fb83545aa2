#include "core/text.h"

#include "tests/compare.h"

namespace excite {
namespace {

TEST(Text, NearestIsTheFewestLettersAway) {
  const std::vector<std::string> models{"resnet20", "se_resnet20", "se_resnet110"};
  EXPECT_EQ(nearest("se_resnet2", models), "se_resnet20");
  EXPECT_EQ(nearest("seresnet20", models), "se_resnet20");
  EXPECT_EQ(nearest("rsenet20", models), "resnet20");
  EXPECT_EQ(nearest("se_resnet10", models), "se_resnet20");  // as near as se_resnet110, and first
  EXPECT_EQ(nearest("", models), "resnet20");
  EXPECT_EQ(nearest("axb", {"ayc", "ab"}), "ab");        // one letter deleted is nearer than two replaced
  EXPECT_EQ(nearest("ab", {"cd", "axb"}), "axb");        // one inserted
  EXPECT_EQ(nearest("ab", {"abcd", "ac"}), "ac");        // one replaced is nearer than two inserted
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

TEST(Require, ThrowsASentenceOfItsKind) {
  EXPECT_NO_THROW(require(true, "nothing"));
  EXPECT_TRUE(fails_saying([] { require(false, "there are ", 3, ", expected ", 4); }, {"there are 3, expected 4"}));
  EXPECT_THROW(require<FileError>(false, ""), FileError);
  EXPECT_THROW(require<UsageError>(false, ""), UsageError);
}

}  // namespace
}  // namespace excite
