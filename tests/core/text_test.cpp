#include "core/text.h"

#include <limits>

#include "tests/support/errors.h"

namespace excite {
namespace {

TEST(Text, ClosestMatchHasTheSmallestEditDistance) {
  const std::vector<std::string> models{"resnet20", "se_resnet20", "se_resnet110"};
  EXPECT_EQ(closest_match("se_resnet2", models), "se_resnet20");
  EXPECT_EQ(closest_match("seresnet20", models), "se_resnet20");
  EXPECT_EQ(closest_match("rsenet20", models), "resnet20");
  EXPECT_EQ(closest_match("se_resnet10", models), "se_resnet20");    // the first of two
  EXPECT_EQ(closest_match("axbxxx", {"aycxxx", "abxxx"}), "abxxx");  // one deletion, two replaced
  EXPECT_EQ(closest_match("abxx", {"cdxx", "axbxx"}), "axbxx");      // one insertion
  EXPECT_EQ(closest_match("sdg", {"adamw", "sgd"}), "sgd");  // two letters swapped: one edit
}

TEST(Text, ClosestMatchIsEmptyIfMoreThanAThirdOfTheLettersDiffer) {
  EXPECT_EQ(closest_match("abcdef", {"abcxyf"}), "abcxyf");
  EXPECT_EQ(closest_match("abcdef", {"abcxyz"}), "");
  EXPECT_EQ(closest_match("ab", {"a"}), "");
  EXPECT_EQ(closest_match("", {"a"}), "");
  EXPECT_EQ(closest_match("x", {}), "");
  EXPECT_EQ(suggestion("modle", {"set", "model"}), "; the nearest is model");
  EXPECT_EQ(suggestion("side", {"set", "model"}), "");
}

TEST(Text, CountsInSingularAndPlural) {
  EXPECT_EQ(counted(0, "epoch"), "0 epochs");
  EXPECT_EQ(counted(1, "epoch"), "1 epoch");
  EXPECT_EQ(counted(2, "epoch"), "2 epochs");
  EXPECT_EQ(counted(1, "class"), "1 class");
  EXPECT_EQ(counted(10, "class"), "10 classes");
}

TEST(Text, SplitsAndJoins) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(split("a,b", ','), (Words{"a", "b"}));
  EXPECT_EQ(split("a,,b", ','), (Words{"a", "", "b"}));
  EXPECT_EQ(split("", ','), Words{});
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, JoinSomeShowsAtMostFiveWordsAndCountsTheRest) {
  EXPECT_EQ(join_some({}), "");
  EXPECT_EQ(join_some({"a", "b", "c", "d", "e"}), "a, b, c, d, e");
  EXPECT_EQ(join_some({"a", "b", "c", "d", "e", "f", "g"}), "a, b, c, d, e and 2 more");
  EXPECT_EQ(join_some({"a", "b", "c"}, 2), "a, b and 1 more");
}

TEST(Text, RecognizesValidUtf8) {
  for (const char* good : {"", "cat", "Grau\xc3\x9f", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xc3", "\xfc", "a\xc3(", "\xc1\xbf", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Require, ThrowsTheTextAsTheGivenType) {
  EXPECT_NO_THROW(require(true, "nothing"));
  EXPECT_TRUE(fails_saying([] { require(false, "there are ", 3, ", expected ", 4); },
                           {"there are 3, expected 4"}));
  EXPECT_THROW(require<FileError>(false, ""), FileError);
  EXPECT_THROW(require<UsageError>(false, ""), UsageError);
}

TEST(Text, PrintableReplacesControlCharactersAndKeepsTheRest) {
  EXPECT_EQ(printable("a\x1b[31m\tb\n\x7f"), "a?[31m?b??");
  EXPECT_EQ(printable("K\xc3\xa4se 3 %"), "K\xc3\xa4se 3 %");
  EXPECT_EQ(printable("\u4e2d \U0001f600 \u05d0"), "\u4e2d \U0001f600 \u05d0");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a?b");
}

TEST(Text, PrintableReplacesWhatATerminalObeysOrHides) {
  for (const char* bad : {"\u009b", "\u0085", "\u061c", "\u200e", "\u200f", "\u202a", "\u202e",
                          "\u2066", "\u2069", "\u2028", "\u2029", "\ufeff", "\ufffe", "\U000e0041"})
    EXPECT_EQ(printable(text("<", bad, ">")), "<?>") << bad;
}

TEST(Text, PrintableReplacesEachByteThatIsNotUtf8) {
  EXPECT_EQ(printable("a\xffz"), "a?z");
  EXPECT_EQ(printable("a\x9bz"), "a?z");          // C1 in one byte
  EXPECT_EQ(printable("\xc0\xafz"), "??z");       // overlong
  EXPECT_EQ(printable("\xed\xa0\x80z"), "???z");  // a surrogate
  EXPECT_EQ(printable("z\xe4\xb8"), "z??");       // cut off
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");
  for (int byte = 0; byte < 256; byte++)
    EXPECT_TRUE(is_utf8(printable(std::string(3, static_cast<char>(byte))))) << byte;
}

TEST(Text, PrintableJsonKeepsTheMeaning) {
  EXPECT_EQ(printable_json("{\n \"a\u009b\u202e\": 1}\n"), "{\n \"a\\u009b\\u202e\": 1}\n");
  EXPECT_EQ(printable_json("\"\U000e0041\x7f\u4e2d\""), "\"\\udb40\\udc41\\u007f\u4e2d\"");
}

TEST(Text, DecimalIsShortForEveryNumber) {
  EXPECT_EQ(decimal(0.05222, 4), "0.0522");
  EXPECT_EQ(decimal(999999.5, 1), "999999.5");
  EXPECT_EQ(decimal(1.25e33, 4), "1.25e+33");
  EXPECT_EQ(decimal(-1e300, 0), "-1e+300");
  EXPECT_EQ(decimal(std::numeric_limits<double>::infinity(), 4), "inf");
}

}  // namespace
}  // namespace excite
