// Reading files that nobody vouches for: only regular files (a pipe would hang, a folder makes no
// sense), and never more bytes than the file had when it was opened.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace excite {

class InputFile {
 public:
  explicit InputFile(
      const std::string& path);  // FileError if it is missing, forbidden or not a regular file
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;

  const std::string& path() const { return path_; }
  long size() const { return size_; }
  // Exactly `count` bytes from `offset` on; FileError, naming the offset, if they cannot be had.
  void read(long offset, void* bytes, long count) const;

 private:
  std::string path_;
  int descriptor_;
  long size_ = 0;
};

std::vector<std::uint8_t> read_file(const std::string& path,
                                    long max_bytes);  // FileError also if the file is larger

}  // namespace excite
