#include "core/files/atomic_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::string old_text = "the old file";
// Longer than the writer's buffer, so that several writes are needed.
const std::string new_text(700000, 'n');

// Restores the real system calls when a test ends.
struct AtomicFile : testing::Test {
  ~AtomicFile() override { save_calls = SaveCalls(); }

  ScratchFolder folder;
  const std::string path = folder / "weights";
  void SetUp() override { put(path, old_text); }
  std::string save() {
    return file_error([&] {
      write_atomically(path, [&](FileWriter& out) {
        for (std::size_t at = 0; at < new_text.size(); at += 1000)
          out.write(new_text.data() + at, 1000);
      });
    });
  }
  void expect_unchanged() {
    EXPECT_EQ(get(path), old_text);
    EXPECT_EQ(folder.files(), std::vector<std::string>{"weights"});
  }
};

TEST_F(AtomicFile, ReplacesTheOldFileAndLeavesNothingElse) {
  EXPECT_EQ(save(), "");
  EXPECT_EQ(get(path), new_text);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"weights"});
  write_text_atomically(path, "");
  EXPECT_EQ(get(path), "");
}

TEST_F(AtomicFile, WritesAPieceLargerThanItsBuffer) {
  write_atomically(path, [&](FileWriter& out) {
    out.write("before ");
    out.write(new_text);
    out.write(" behind");
  });
  EXPECT_EQ(get(path), "before " + new_text + " behind");
}

TEST_F(AtomicFile, KeepsTheOldFileUntilTheNewOneIsComplete) {
  write_atomically(path, [&](FileWriter& out) {
    out.write(new_text);
    EXPECT_EQ(get(path), old_text);
  });
}

TEST_F(AtomicFile, SyncsTheFileBeforeTheRenameAndTheFolderAfterIt) {
  std::string steps;
  save_calls.write = [&](int fd, const void* bytes, std::size_t n) {
    return steps += steps.ends_with('w') ? "" : "w", ::write(fd, bytes, n);
  };
  save_calls.fsync = [&](int fd) {
    struct stat status {};
    fstat(fd, &status);
    return steps += S_ISDIR(status.st_mode) ? "D" : "F", ::fsync(fd);
  };
  save_calls.close = [&](int fd) { return steps += "c", ::close(fd); };
  save_calls.rename = [&](const char* from, const char* to) {
    return steps += "r", ::rename(from, to);
  };
  EXPECT_EQ(save(), "");
  EXPECT_EQ(steps, "wFcrD");
}

// The k-th write fails, for every k.
TEST_F(AtomicFile, KeepsTheOldFileWhicheverWriteFails) {
  int failures = 0;
  for (int k = 1;; k++) {
    int calls = 0;
    save_calls.write = [&](int fd, const void* bytes, std::size_t n) {
      return ++calls == k ? (errno = ENOSPC, -1) : ::write(fd, bytes, n);
    };
    const std::string error = save();
    if (error.empty()) break;
    failures++;
    expect_contains(error, path + ": not saved: writing " + path + ".tmp.");
    expect_contains(error, "No space left on device");
    expect_unchanged();
  }
  EXPECT_GE(failures, 3);
  EXPECT_EQ(get(path), new_text);
}

TEST_F(AtomicFile, KeepsTheOldFileIfSyncingTheFileFails) {
  save_calls.fsync = [](int) { return errno = EIO, -1; };
  const std::string error = save();
  expect_contains(error, path + ": not saved: fsync of ");
  expect_contains(error, "Input/output error");
  expect_unchanged();
}

TEST_F(AtomicFile, KeepsTheOldFileIfClosingFails) {
  save_calls.close = [](int fd) { return ::close(fd), errno = EDQUOT, -1; };
  expect_contains(save(), path + ": not saved: closing ");
  expect_unchanged();
}

TEST_F(AtomicFile, KeepsTheOldFileIfTheRenameFails) {
  save_calls.rename = [](const char*, const char*) { return errno = EACCES, -1; };
  expect_contains(save(), path + ": not saved: renaming ");
  expect_unchanged();
}

TEST_F(AtomicFile, HasTheCompleteNewFileIfOnlySyncingTheFolderFails) {
  int calls = 0;
  save_calls.fsync = [&](int fd) { return ++calls == 2 ? (errno = EIO, -1) : ::fsync(fd); };
  expect_contains(save(), path + ": not saved: fsync of the folder " + folder.path());
  EXPECT_EQ(get(path), new_text);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"weights"});
}

TEST_F(AtomicFile, ContinuesAfterInterruptedAndShortWrites) {
  int calls = 0, syncs = 0;
  save_calls.write = [&](int fd, const void* bytes, std::size_t n) {
    return ++calls % 2 ? (errno = EINTR, -1) : ::write(fd, bytes, std::min<std::size_t>(n, 9999));
  };
  save_calls.fsync = [&](int fd) { return ++syncs % 2 ? (errno = EINTR, -1) : ::fsync(fd); };
  EXPECT_EQ(save(), "");
  EXPECT_EQ(get(path), new_text);
}

TEST_F(AtomicFile, TreatsAWriteOfZeroBytesAsAFullDisk) {
  save_calls.write = [](int, const void*, std::size_t) { return ssize_t{0}; };
  expect_contains(save(), "No space left on device");
  expect_unchanged();
}

TEST_F(AtomicFile, KeepsTheOldFileIfTheCallbackThrows) {
  EXPECT_THROW(
      write_atomically(path, [](FileWriter& out) { out.write(new_text), throw std::bad_alloc(); }),
      std::bad_alloc);
  expect_unchanged();
}

TEST_F(AtomicFile, KeepsTheOldFileOnAFullDisk) {
  const std::string error = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100000, 100000};
    setrlimit(RLIMIT_FSIZE, &limit);
    return save();
  });
  expect_contains(error, path + ": not saved: writing ");
  expect_contains(error, "File too large");
  expect_unchanged();
}

TEST_F(AtomicFile, KeepsTheOldFileInAFolderWithoutPermission) {
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
  const std::string error = in_child([&] {
    drop_rights();
    return save();
  });
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  expect_contains(error, path + ": not saved: creating ");
  expect_contains(error, "Permission denied");
  expect_unchanged();
}

TEST_F(AtomicFile, NamesAMissingFolder) {
  expect_contains(file_error([&] { write_text_atomically(folder / "no/file", "x"); }),
                  "opening the folder " + folder / "no" + ": No such file or directory");
}

TEST_F(AtomicFile, DoesNotReplaceAFolder) {
  std::filesystem::create_directory(folder / "runs");
  expect_contains(file_error([&] { write_text_atomically(folder / "runs", "x"); }),
                  "opening it: Is a directory");
  EXPECT_EQ(folder.files().size(), 2u);
}

TEST_F(AtomicFile, ReplacesATemporaryFileLeftByAKilledProcess) {
  put(path + ".tmp." + std::to_string(getpid()), "half of a fi");
  EXPECT_EQ(save(), "");
  EXPECT_EQ(get(path), new_text);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"weights"});
}

TEST_F(AtomicFile, DoesNotFollowASymbolicLinkAtTheTemporaryName) {
  put(folder / "victim", "precious");
  std::filesystem::create_symlink(folder / "victim", path + ".tmp." + std::to_string(getpid()));
  EXPECT_EQ(save(), "");
  EXPECT_EQ(get(folder / "victim"), "precious");
  EXPECT_EQ(get(path), new_text);
}

// ---- what is at the path already ----

mode_t mode_of(const std::string& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

TEST_F(AtomicFile, KeepsTheModeOfTheOldFileFromTheFirstByteOn) {
  for (const mode_t mode : {0600u, 0640u, 0666u, 0755u}) {
    chmod(path.c_str(), mode);
    write_atomically(path, [&](FileWriter& out) {
      out.write(new_text);
      for (const std::string& name : folder.files())
        EXPECT_EQ(mode_of(folder / name), mode) << name;
    });
    EXPECT_EQ(mode_of(path), mode);
  }
}

TEST_F(AtomicFile, ANewFileHasTheModeOfTheUmask) {
  const mode_t before = umask(027);
  write_text_atomically(folder / "new", "x");
  umask(before);
  EXPECT_EQ(mode_of(folder / "new"), 0640u);
}

TEST_F(AtomicFile, KeepsTheOwnerOfTheOldFile) {
  constexpr unsigned nobody = 65534;
  if (getuid() != 0 || chown(path.c_str(), nobody, nobody) != 0) return;  // only root may
  EXPECT_EQ(save(), "");
  struct stat status {};
  stat(path.c_str(), &status);
  EXPECT_EQ(status.st_uid, nobody);
  EXPECT_EQ(status.st_gid, nobody);
}

TEST_F(AtomicFile, DoesNotReplaceAFileThatMayNotBeWritten) {
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
  chmod(path.c_str(), 0444);
  const std::string error = in_child([&] {
    drop_rights();
    return save();
  });
  expect_contains(error, path + ": not saved: opening it: Permission denied");
  expect_unchanged();
}

TEST_F(AtomicFile, FollowsSymbolicLinks) {
  const std::string link = folder / "link", second = folder / "second";
  std::filesystem::create_directory(folder / "there");
  put(folder / "there/target", old_text);
  std::filesystem::create_symlink("there/target", link);
  std::filesystem::create_symlink("link", second);
  write_text_atomically(second, "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link) && std::filesystem::is_symlink(second));
  EXPECT_EQ(get(folder / "there/target"), "new");
  std::filesystem::remove(folder / "there/target");
  write_text_atomically(second, "made");
  EXPECT_EQ(get(folder / "there/target"), "made");
  std::filesystem::remove(link);
  std::filesystem::create_symlink("second", link);
  expect_contains(file_error([&] { write_text_atomically(link, "x"); }),
                  "levels of symbolic links");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(AtomicFile, WritesToAPipeAndLeavesItThere) {
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = get(pipe); });
  write_text_atomically(pipe, new_text);
  reader.join();
  EXPECT_TRUE(got == new_text);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(AtomicFile, WritesToADeviceAndLeavesItThere) {
  write_text_atomically("/dev/null", new_text);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  expect_contains(file_error([] { write_text_atomically("/dev/full", new_text); }),
                  "/dev/full: not saved: writing it: No space left on device");
}

// Also if the descriptor is open for a regular file, in which it goes on where others have written.
TEST_F(AtomicFile, WritesToAnOpenDescriptor) {
  const int file = open(path.c_str(), O_WRONLY | O_TRUNC);
  ASSERT_EQ(write(file, "a", 1), 1);
  for (const char* name : {"/dev/fd/", "/proc/self/fd/"})
    write_text_atomically(name + std::to_string(file), "b");
  ASSERT_EQ(write(file, "c", 1), 1);
  close(file);
  EXPECT_EQ(get(path), "abbc");
  EXPECT_EQ(folder.files(), std::vector<std::string>{"weights"});
  expect_contains(
      file_error([&] { write_text_atomically("/dev/fd/" + std::to_string(file), "x"); }),
      "Bad file descriptor");
}

TEST_F(AtomicFile, LeavesNoFileDescriptorOpen) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open_descriptors();
  save();
  save_calls.rename = [](const char*, const char*) { return errno = EACCES, -1; };
  save();
  file_error([&] { write_text_atomically(folder / "no/file", "x"); });
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace excite
