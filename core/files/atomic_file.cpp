#include "core/files/atomic_file.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/check.h"

namespace excite {

SaveCalls save_calls;

namespace {
constexpr std::size_t buffer_size = 1 << 18;
}  // namespace

void FileWriter::fail(const std::string& step) const {
  throw FileError(text(path_, ": not saved: ", step, ": ", std::generic_category().message(errno)));
}

// The folder is opened first: if that fails, nothing has happened yet. O_EXCL never follows a
// symbolic link that somebody planted. A file whose name contains our own process ID was left by a
// killed process with the same ID, so it is removed.
FileWriter::FileWriter(const std::string& path)
    : path_(path), temporary_(path + ".tmp." + std::to_string(getpid())) {
  buffer_.reserve(buffer_size);
  const std::string parent = std::filesystem::path(path).parent_path();
  folder_ = parent.empty() ? "." : parent;
  folder_descriptor_ = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor_ < 0) fail("opening the folder " + folder_);

  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  constexpr mode_t mode = 0666;  // restricted by the umask
  descriptor_ = open(temporary_.c_str(), flags, mode);
  if (descriptor_ < 0 && errno == EEXIST && unlink(temporary_.c_str()) == 0)
    descriptor_ = open(temporary_.c_str(), flags, mode);
  if (descriptor_ < 0) {
    const int reason = errno;
    ::close(folder_descriptor_);
    errno = reason;
    fail("creating " + temporary_);
  }
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
  ::close(folder_descriptor_);
}

void FileWriter::write(const void* bytes, std::size_t count) {
  const auto* from = static_cast<const char*>(bytes);
  if (buffer_.size() + count > buffer_size) flush();
  if (count > buffer_size) return send(from, count);
  buffer_.insert(buffer_.end(), from, from + count);
}

void FileWriter::flush() {
  send(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void FileWriter::send(const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = save_calls.write(descriptor_, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = ENOSPC;
    if (written <= 0) fail("writing " + temporary_);
    bytes += written, count -= static_cast<std::size_t>(written);
  }
}

void FileWriter::sync(int descriptor, const std::string& what) {
  while (save_calls.fsync(descriptor) != 0) {
    if (errno != EINTR) fail("fsync of " + what);
  }
}

// Without the first fsync, a power cut after the rename can leave an empty file under the new name.
// Without the second, the rename itself may be lost. Network file systems may report a full disk
// only when the file is closed. On Linux an interrupted close (EINTR) has closed the file.
void FileWriter::commit() {
  flush();
  sync(descriptor_, temporary_);
  const int closing = descriptor_;
  descriptor_ = -1;
  if (save_calls.close(closing) != 0 && errno != EINTR) fail("closing " + temporary_);
  if (save_calls.rename(temporary_.c_str(), path_.c_str()) != 0) fail("renaming " + temporary_);
  temporary_.clear();
  sync(folder_descriptor_, "the folder " + folder_);
}

void write_atomically(const std::string& path, const std::function<void(FileWriter&)>& fill) {
  FileWriter writer(path);
  fill(writer);
  writer.commit();
}

void write_text_atomically(const std::string& path, std::string_view text) {
  write_atomically(path, [&](FileWriter& out) { out.write(text); });
}

}  // namespace excite
