#include "tests/support/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "core/kernels/bfloat16.h"

namespace excite {

namespace {

std::string contents(int file) {
  std::string bytes(lseek(file, 0, SEEK_END), ' ');
  const ssize_t got = pread(file, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

}  // namespace

std::string program_precision() { return sizeof(real) == 8 ? "double" : "float"; }

bool program_has_bfloat16() { return has_bfloat16; }

std::string program() {
  const char* path_in_environment = std::getenv("EXCITE");
  const char* built = sizeof(real) == 8 ? "build/excite-double" : "build/excite";
  const std::string path = path_in_environment ? path_in_environment : built;
  return std::filesystem::absolute(path).lexically_normal();
}

// The child appends to its files (O_APPEND): it shares the file position with this process, and
// reading moves it.
Child::Child(const std::vector<std::string>& command, const std::string& folder)
    : out_(memfd_create("out", MFD_CLOEXEC)), err_(memfd_create("err", MFD_CLOEXEC)) {
  fcntl(out_, F_SETFL, O_APPEND);
  fcntl(err_, F_SETFL, O_APPEND);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    // A child may be a program of tests, which would run a part of them alone.
    for (const char* name : {"GTEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS"}) unsetenv(name);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (chdir(folder.c_str()) == 0 && dup2(null, 0) == 0 && dup2(out_, 1) == 1 &&
        dup2(err_, 2) == 2)
      execvp(words[0], words.data());
    _exit(127);
  }
  if (pid_ < 0) throw std::runtime_error("no child process could be started");
}

Child::~Child() {
  if (running()) {
    kill(pid_, SIGKILL);
    wait();
  }
  close(out_);
  close(err_);
}

void Child::signal(int number) const { kill(pid_, number); }
std::string Child::out() const { return contents(out_); }
std::string Child::err() const { return contents(err_); }

void Child::set_code(int status) {
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Child::running() {
  int status = 0;
  if (code_ < 0 && waitpid(pid_, &status, WNOHANG) == pid_) set_code(status);
  return code_ < 0;
}

Ending Child::wait() {
  int status = 0;
  if (code_ < 0 && waitpid(pid_, &status, 0) == pid_) set_code(status);
  return {code_, out(), err()};
}

Ending excite_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{program()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Child(command).wait();
}

Ending shell(const std::string& script) {
  return Child({"env", "EXCITE=" + program(), "sh", "-c", script}).wait();
}

void expect_failure(const Ending& ending, int code, const std::vector<std::string>& words) {
  EXPECT_EQ(ending.code, code) << ending.err;
  EXPECT_EQ(ending.out, "");
  EXPECT_EQ(ending.err.rfind("excite: ", 0), 0u) << ending.err;
  EXPECT_EQ(std::count(ending.err.begin(), ending.err.end(), '\n'), 1) << ending.err;
  for (const std::string& word : words)
    EXPECT_NE(ending.err.find(word), std::string::npos)
        << "standard error: " << ending.err << "expected to contain: " << word;
}

}  // namespace excite
