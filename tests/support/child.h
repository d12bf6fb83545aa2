// The built program as a user meets it: started as a process of its own, seen through what it
// prints and how it ends.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace excite {

// build/excite, or build/excite-double in the double build; the environment variable EXCITE names
// another one.
std::string program();

struct Ending {
  int code;              // the exit code, or 128 + the signal that ended it
  std::string out, err;  // standard output and standard error
};

class Child {
 public:
  explicit Child(const std::vector<std::string>& command, const std::string& folder = ".");
  ~Child();  // kills it if it still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  std::string out() const;  // so far
  std::string err() const;
  bool running();
  Ending wait();

 private:
  void reap(int status);
  pid_t pid_ = -1;
  int out_, err_;  // files without a name, so that it never waits for somebody to read
  int code_ = -1;  // once it has ended
};

Ending excite_program(const std::vector<std::string>& arguments);
Ending shell(const std::string& script);  // by sh, which finds the program in $EXCITE

// That a command fails as all do: nothing on standard output, and on standard error one line,
// "excite: ", with these words in it.
void expect_failure(const Ending& ending, int code, const std::vector<std::string>& words);

}  // namespace excite
