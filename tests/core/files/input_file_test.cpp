#include "core/files/input_file.h"

#include <sys/stat.h>

#include <limits>

#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(InputFile, ReadsAWholeFileUpToTheLimit) {
  ScratchFolder folder;
  put(folder / "a", std::string("\0\xff"
                                "b",
                                3));
  EXPECT_EQ(read_file(folder / "a", 3), (std::vector<std::uint8_t>{0, 255, 'b'}));
  EXPECT_EQ(file_error([&] { read_file(folder / "a", 2); }),
            folder / "a" + ": has 3 bytes, expected at most 2");
  put(folder / "empty", "");
  EXPECT_TRUE(read_file(folder / "empty", 0).empty());
}

TEST(InputFile, RefusesFilesThatAreNotRegular) {
  ScratchFolder folder;
  EXPECT_EQ(file_error([&] { read_file(folder / "none", 9); }),
            folder / "none" + ": cannot be opened: No such file or directory");
  EXPECT_EQ(file_error([&] { read_file(folder.path(), 9); }),
            folder.path() + ": is a folder, expected a file");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string error = in_child([&] {
    alarm(5);  // in case it waits for a writer of the pipe
    return file_error([&] { read_file(folder / "pipe", 9); });
  });
  EXPECT_EQ(error, folder / "pipe" + ": is a pipe or a device, expected a regular file");
  expect_contains(file_error([&] { read_file("/dev/zero", 9); }),
                  "/dev/zero: is a pipe or a device");
}

TEST(InputFile, RefusesUnreadableFiles) {
  ScratchFolder folder;
  put(folder / "secret", "x");
  chmod((folder / "secret").c_str(), 0);
  const std::string error = in_child([&] {
    drop_rights();
    return file_error([&] { read_file(folder / "secret", 9); });
  });
  EXPECT_EQ(error, folder / "secret" + ": cannot be opened: Permission denied");
}

TEST(InputFile, ReadsOnlyInsideTheFile) {
  ScratchFolder folder;
  put(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  char two[2];
  file.read(8, two, 2);
  EXPECT_EQ(std::string(two, 2), "89");
  for (const long offset : {9l, -1l, 11l, std::numeric_limits<long>::max()})
    expect_contains(file_error([&] { file.read(offset, two, 2); }), "but 2 bytes from offset ");
}

TEST(InputFile, ReportsThatAFileWasTruncated) {
  ScratchFolder folder;
  put(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  std::filesystem::resize_file(folder / "a", 4);
  char all[10];
  EXPECT_EQ(file_error([&] { file.read(0, all, 10); }),
            folder / "a" + ": ends at byte 4: the file was truncated while it was being read");
}

}  // namespace
}  // namespace excite
