// Runs the built program as a user would, and looks at what comes out.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace excite {

inline std::string built_program() {
  const char* named = std::getenv("EXCITE");
  return named ? named : sizeof(real) == sizeof(float) ? "build/excite" : "build/excite-double";
}

struct Outcome {
  int code = -1;
  std::string text;  // stdout and stderr
};

inline Outcome run_program(const std::string& arguments) {
  Outcome outcome;
  FILE* pipe = popen((built_program() + " " + arguments + " 2>&1").c_str(), "r");
  std::array<char, 4096> some;
  for (std::size_t n; (n = fread(some.data(), 1, some.size(), pipe)) > 0;) outcome.text.append(some.data(), n);
  const int status = pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A folder that goes when the test ends.
struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "excite-test-XXXXXX").string();
  Folder() {
    if (!mkdtemp(path.data())) path.clear();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

}  // namespace excite
