// Atomic saving: at every instant, whatever fails, there is either the whole old file or the whole
// new one. The bytes go to a temporary file in the same folder and are forced to the disk; then the
// temporary file is renamed. Symbolic links are followed, and the new file has the mode of the old
// one and, where the system allows it, its owner.
//
// Only regular files are replaced. To a pipe, a terminal or another device, and to a descriptor
// such as /dev/stdout or /dev/fd/3, the bytes are written as they come. "-" is standard output.
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
  explicit FileWriter(const std::string& path) : path_(path) {}
  ~FileWriter();  // removes the temporary file unless it was renamed
  void open();
  void open_stream(int descriptor);
  void create_temporary();
  void keep_mode_and_owner();
  void commit();
  void flush();
  void send(const char* bytes, std::size_t count);
  void sync(int descriptor, const std::string& what);
  [[noreturn]] void fail(const std::string& step) const;

  std::string path_;                         // as it was given, for messages
  std::string target_, folder_, temporary_;  // behind all links; empty if it is not replaced
  int folder_descriptor_ = -1, descriptor_ = -1;
  std::vector<char> buffer_;  // bytes not yet written
};

// Whether a file of this name is standard output: "-", /dev/stdout, or the file or the pipe to
// which it was redirected.
bool is_standard_output(const std::string& path);

// Calls fill(writer), which writes all the bytes, then renames the temporary file to `path`,
// replacing an old file. If a step fails, this throws a FileError with the file, the step and the
// reason; exceptions of fill pass through. The old file is then unchanged and the temporary file is
// removed. One exception: if the last step fails, fsync of the folder, the new file is in place but
// may be lost in a power cut. What is written as it comes (above) cannot be taken back.
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
