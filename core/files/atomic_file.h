// Atomic saving: at every instant, whatever fails, there is either the whole old file or the whole
// new one. The bytes go to a temporary file in the same folder and are forced to the disk; then the
// temporary file is renamed.
#pragma once
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace excite {

// Receives the bytes of a file that is being saved. The file appears under its name when
// write_atomically returns.
class FileWriter {
 public:
  void write(const void* bytes, std::size_t count);
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }

  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

 private:
  friend void write_atomically(const std::string&, const std::function<void(FileWriter&)>&);
  explicit FileWriter(const std::string& path);
  ~FileWriter();  // removes the temporary file unless it was renamed
  void commit();
  void flush();
  void send(const char* bytes, std::size_t count);
  void sync(int descriptor, const std::string& what);
  [[noreturn]] void fail(const std::string& step) const;

  std::string path_, folder_, temporary_;
  int folder_descriptor_ = -1, descriptor_ = -1;
  std::vector<char> buffer_;  // bytes not yet written
};

// Calls fill(writer), which writes all the bytes, then renames the temporary file to `path`,
// replacing an old file. If a step fails, this throws a FileError with the file, the step and the
// reason; exceptions of fill pass through. The old file is then unchanged and the temporary file is
// removed. One exception: if the last step fails, fsync of the folder, the new file is in place but
// may be lost in a power cut.
void write_atomically(const std::string& path, const std::function<void(FileWriter&)>& fill);
void write_text_atomically(const std::string& path, std::string_view text);

// The system calls of a save. Tests replace them by functions that fail.
struct SaveCalls {
  std::function<ssize_t(int, const void*, std::size_t)> write = ::write;
  std::function<int(int)> fsync = ::fsync;
  std::function<int(int)> close = ::close;
  std::function<int(const char*, const char*)> rename = ::rename;
};
extern SaveCalls save_calls;

}  // namespace excite
