// Errors: exceptions whose text says what was being done, what was found and what was expected,
// with the numbers.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace excite {

// Each type has an exit code of the program (tools/main.cpp).

// Exit code 1: an operation failed.
struct Error : std::runtime_error {
  using runtime_error::runtime_error;
};
// Exit code 2: a wrong option or argument.
struct UsageError : Error {
  using Error::Error;
};
// Exit code 3: a file or data set is missing, damaged or of the wrong kind.
struct FileError : Error {
  using Error::Error;
};
// Exit code 4: a loss, a gradient, a weight or a result is not finite.
struct Diverged : Error {
  using Error::Error;
};

// Concatenates its arguments, each printed by operator<<: text("shape ", shape) is "shape [2, 3]".
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Throws Kind with the concatenated text unless ok, for example
//   require(k > 0, "conv2d: kernel size is ", k, ", expected at least 1");
// The text is built only on failure.
template <class Kind = Error, class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) throw Kind(text(parts...));
}

}  // namespace excite
