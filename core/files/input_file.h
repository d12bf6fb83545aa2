// Reading untrusted files: only regular files are opened (reading a pipe could wait forever), and
// nothing is read beyond the size that the file had when it was opened. Errors are an UnusableFile
// if the file is at fault, and a FileError that is not if the system could not read it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.h"

namespace excite {

// This one file is missing, damaged or of the wrong kind, so a run may leave it out and go on. That
// the system could not read it is a plain FileError.
struct UnusableFile : FileError {
  using FileError::FileError;
};

class InputFile {
 public:
  // FileError if the file is missing, not readable or not a regular file.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;

  const std::string& path() const { return path_; }
  long size() const { return size_; }
  // Reads exactly `count` bytes from `offset` on; FileError with the offset if it cannot.
  void read(long offset, void* bytes, long count) const;

 private:
  std::string path_;
  int descriptor_;
  long size_ = 0;
};

// The whole file; FileError also if it has more than max_bytes.
std::vector<std::uint8_t> read_file(const std::string& path, long max_bytes);

}  // namespace excite
