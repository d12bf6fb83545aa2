// Saving a file so that at every instant, whatever fails, there is either the whole old one or the
// whole new one: the bytes go to a temporary in the same folder, are forced to the disk, and only
// then take the name.
#pragma once
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace excite {

// Takes the bytes of a file that is being saved; nothing is at its name before write_atomically has
// returned.
class FileWriter {
 public:
  void write(const void* bytes, std::size_t count);
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }

  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

 private:
  friend void write_atomically(const std::string&, const std::function<void(FileWriter&)>&);
  explicit FileWriter(const std::string& path);
  ~FileWriter();  // removes the temporary, if it still has that name
  void commit();
  void flush();
  void send(const char* bytes, std::size_t count);
  void sync(int descriptor, const std::string& what);
  [[noreturn]] void fail(const std::string& step) const;

  std::string path_, folder_, temporary_;
  int folder_descriptor_ = -1, descriptor_ = -1;
  std::vector<char> waiting_;
};

// Calls fill(writer), which writes all the bytes, then gives them the name `path`, in place of what
// had it. FileError with file, step and reason if a step fails, and whatever fill throws; the old
// file is then untouched and the temporary is gone. (Only if the very last step fails, syncing the
// folder, is the new file in place, but perhaps not yet for a machine that loses its power.)
void write_atomically(const std::string& path, const std::function<void(FileWriter&)>& fill);
void write_text_atomically(const std::string& path, std::string_view text);

// What a save asks of the system. A test puts functions here that fail, to see what a save does
// then.
struct SaveCalls {
  std::function<ssize_t(int, const void*, std::size_t)> write = ::write;
  std::function<int(int)> fsync = ::fsync;
  std::function<int(int)> close = ::close;
  std::function<int(const char*, const char*)> rename = ::rename;
};
extern SaveCalls save_calls;

}  // namespace excite
