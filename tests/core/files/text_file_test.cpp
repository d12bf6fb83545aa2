// Text files from any editor.
#include "core/files/text_file.h"

#include <gtest/gtest.h>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using namespace std::literals;
using Lines = std::vector<std::string>;

Lines lines_of(const std::string& bytes) {
  const ScratchFolder folder;
  put(folder / "names.txt", bytes);
  return read_lines(folder / "names.txt", 1000);
}

TEST(TextFile, LinesEndAsOnAnySystem) {
  EXPECT_EQ(lines_of("cat\ndog\n"), (Lines{"cat", "dog"}));
  EXPECT_EQ(lines_of("cat\r\ndog  \r\n\r\n\n"), (Lines{"cat", "dog"}));
  EXPECT_EQ(lines_of("cat\n\ndog"), (Lines{"cat", "", "dog"}));
  EXPECT_EQ(lines_of(""), Lines{});
}

TEST(TextFile, AMarkOfUtf8IsPassedOver) {
  EXPECT_EQ(lines_of("\xef\xbb\xbf"
                     "cat\r\nd\xc3\xb6g\r\n"),
            (Lines{"cat", "d\xc3\xb6g"}));
}

TEST(TextFile, Utf16IsAnErrorThatSaysSo) {
  for (const std::string& bytes : {"\xff\xfe"
                                   "c\0a\0"s,
                                   "\xfe\xff\0c\0a"s, "c\0a\0"s, "\0c\0a"s})
    EXPECT_TRUE(fails_saying<FileError>(
        [&] { lines_of(bytes); },
        {"names.txt: is a text in UTF-16, expected UTF-8; in an editor, save it as UTF-8"}));
}

TEST(TextFile, BytesThatAreNoTextAreAnErrorWithTheLine) {
  EXPECT_TRUE(fails_saying<FileError>([] { lines_of("cat\nd\xf6g\n"); },
                                      {"names.txt: line 2 is not text in UTF-8"}));
}

}  // namespace
}  // namespace excite
