// For tests about files: a temporary folder, writing and reading files, a forked process, the text
// of an error.
#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "core/check.h"

namespace excite {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = testing::TempDir() + "excite-test-XXXXXX";
    path_ = mkdtemp(pattern.data());
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      names.push_back(entry.path().filename());
    return names;
  }

 private:
  std::string path_;
};

// Always creates a new file: ext4 flushes a file to the disk that is truncated and written again,
// which is a thousand times slower.
inline void put(const std::string& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string get(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

// The text of the FileError that f() throws; "" if it throws nothing. Another exception fails the
// test.
inline std::string file_error(const std::function<void()>& f) {
  try {
    f();
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

// The result of f() in a forked process, which may change its limits and rights without harm.
inline std::string in_child(const std::function<std::string()>& f) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    std::string result;
    try {
      result = f();
    } catch (const std::exception& error) {
      result = std::string("thrown: ") + error.what();
    }
    _exit(write(ends[1], result.data(), result.size()) == static_cast<ssize_t>(result.size()) ? 0
                                                                                              : 1);
  }
  ::close(ends[1]);
  std::string result(4096, ' ');
  const ssize_t got = read(ends[0], result.data(), result.size());
  ::close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status))
    return "the child was killed by signal " + std::to_string(WTERMSIG(status));
  return result.substr(0, got > 0 ? got : 0);
}

// Root may write anywhere, so tests of permissions run as the user "nobody".
inline void drop_rights() {
  constexpr unsigned nobody = 65534;
  if (getuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0)) _exit(9);
}

inline void expect_contains(const std::string& all, const std::string& part) {
  EXPECT_NE(all.find(part), std::string::npos)
      << "the text is: " << all << "\nexpected to contain: " << part;
}

}  // namespace excite
