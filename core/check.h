// How excite fails: an exception whose text is a sentence with the numbers in it. It names what was
// done, says what is there, then what was expected.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace excite {

// The program's exit code tells them apart (tools/main.cpp).
struct Error : std::runtime_error {
  using runtime_error::runtime_error;
};  // 1: it could not be done
struct UsageError : Error {
  using Error::Error;
};  // 2: it was asked for in a wrong way
struct FileError : Error {
  using Error::Error;
};  // 3: a file or data set is not what it should be
struct Diverged : Error {
  using Error::Error;
};  // 4: a loss or gradient is not finite

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// require(k > 0, "conv2d: kernel size is ", k, ", expected at least 1"): the text is built only on
// failure.
template <class Kind = Error, class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) throw Kind(text(parts...));
}

}  // namespace excite
