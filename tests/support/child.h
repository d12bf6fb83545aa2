// Runs the built program, or another command, as a child process: its output and how it ends.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace excite {

// build/excite, or build/excite-double in the double build. The environment variable EXCITE may
// name another one.
std::string program();
// Of this build: "float" or "double".
std::string program_precision();
bool program_has_bfloat16();

struct Ending {
  int code;              // the exit code, or 128 + the signal that ended the process
  std::string out, err;  // standard output and standard error
};

class Child {
 public:
  explicit Child(const std::vector<std::string>& command, const std::string& folder = ".");
  ~Child();  // kills the process if it still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  std::string out() const;  // so far
  std::string err() const;
  bool running();
  Ending wait();

 private:
  void set_code(int status);
  pid_t pid_ = -1;
  int out_, err_;  // files without a name: unlike pipes they never block the process
  int code_ = -1;  // set when it has ended
};

Ending excite_program(const std::vector<std::string>& arguments);
Ending shell(const std::string& script);  // run by sh; $EXCITE is the program

// Expects a failure with this exit code: nothing on standard output, and on standard error one line
// that begins with "excite: " and contains all of `words`.
void expect_failure(const Ending& ending, int code, const std::vector<std::string>& words);

}  // namespace excite
