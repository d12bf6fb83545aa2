#include "core/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "core/check.h"
#include "core/text.h"

namespace excite {

SaveCalls save_calls;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t buffer_size = 1 << 18;

// 1 for /proc/self/fd/1, and for /dev/fd/1, whose folder is a link to it; -1 for other paths.
int descriptor_of(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(path.parent_path(), error);
  if (error || folder != text("/proc/", getpid(), "/fd")) return -1;
  return parse_number<int>(path.filename().string()).value_or(-1);
}

// The path behind all symbolic links, whose last one may lead to a file that does not exist yet. If
// it leads to an open descriptor of this process, the result is that of the last link:
// /dev/stdout is /proc/self/fd/1, and its own target may be the name of a file.
std::string behind_links(const std::string& path) {
  constexpr int max_links = 40;  // as Linux
  fs::path at = path;
  std::error_code error;
  for (int i = 0; i < max_links && fs::is_symlink(at, error); i++) {
    if (descriptor_of(at) >= 0) break;
    const fs::path to = fs::read_symlink(at, error);
    if (error) break;
    at = to.is_absolute() ? to : at.parent_path() / to;
  }
  return at.string();
}

}  // namespace

bool is_standard_output(const std::string& path) {
  if (path == "-" || descriptor_of(behind_links(path)) == STDOUT_FILENO) return true;
  struct stat file {
  }, out{};
  return stat(path.c_str(), &file) == 0 && fstat(STDOUT_FILENO, &out) == 0 &&
         file.st_dev == out.st_dev && file.st_ino == out.st_ino;
}

void FileWriter::fail(const std::string& step) const {
  throw FileError(text(path_, ": not saved: ", step, ": ", std::generic_category().message(errno)));
}

void FileWriter::open() {
  buffer_.reserve(buffer_size);
  const std::string target = behind_links(path_);
  const int open_already = is_standard_output(path_) ? STDOUT_FILENO : descriptor_of(target);
  if (open_already >= 0) return open_stream(fcntl(open_already, F_DUPFD_CLOEXEC, 0));
  std::error_code none;
  if (fs::is_symlink(target, none)) errno = ELOOP, fail("opening it");
  struct stat old {};
  const bool exists = stat(target.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) errno = EISDIR, fail("opening it");
  if (exists && !S_ISREG(old.st_mode))
    return open_stream(::open(target.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  target_ = target;
  create_temporary();
  keep_mode_and_owner();
}

// What this process has printed so far comes first.
void FileWriter::open_stream(int descriptor) {
  if (descriptor < 0) fail("opening it");
  descriptor_ = descriptor;
  std::cout.flush();
  std::fflush(stdout);
}

// The folder is opened first: if that fails, nothing has happened yet. O_EXCL never follows a
// symbolic link that somebody planted. A file whose name contains our own process ID was left by a
// killed process with the same ID, so it is removed.
void FileWriter::create_temporary() {
  const std::string parent = fs::path(target_).parent_path();
  folder_ = parent.empty() ? "." : parent;
  folder_descriptor_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor_ < 0) fail("opening the folder " + folder_);

  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  constexpr mode_t mode = 0666;  // restricted by the umask
  const std::string name = target_ + ".tmp." + std::to_string(getpid());
  descriptor_ = ::open(name.c_str(), flags, mode);
  if (descriptor_ < 0 && errno == EEXIST && unlink(name.c_str()) == 0)
    descriptor_ = ::open(name.c_str(), flags, mode);
  if (descriptor_ < 0) fail("creating " + name);
  temporary_ = name;
}

// Before the first byte is written, so that nobody can read who could not read the old file. Only
// root may give a file to another user; where that is not allowed, at least the group is kept. A
// file that may not be written may be renamed over, so this is checked here.
void FileWriter::keep_mode_and_owner() {
  struct stat old {
  }, own{};
  if (stat(target_.c_str(), &old) != 0 || fstat(descriptor_, &own) != 0) return;
  if (faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0) fail("opening it");
  fchmod(descriptor_, S_IRUSR | S_IWUSR);
  if ((old.st_uid != own.st_uid || old.st_gid != own.st_gid) &&
      fchown(descriptor_, old.st_uid, old.st_gid) != 0) [[maybe_unused]]
    const int group_kept = fchown(descriptor_, static_cast<uid_t>(-1), old.st_gid);
  fchmod(descriptor_, old.st_mode & 0777);
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (folder_descriptor_ >= 0) ::close(folder_descriptor_);
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
    if (written <= 0) fail("writing " + (temporary_.empty() ? "it" : temporary_));
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
  if (!temporary_.empty()) sync(descriptor_, temporary_);
  const int closing = descriptor_;
  descriptor_ = -1;
  if (save_calls.close(closing) != 0 && errno != EINTR)
    fail("closing " + (temporary_.empty() ? "it" : temporary_));
  if (temporary_.empty()) return;
  if (save_calls.rename(temporary_.c_str(), target_.c_str()) != 0) fail("renaming " + temporary_);
  temporary_.clear();
  sync(folder_descriptor_, "the folder " + folder_);
}

void write_atomically(const std::string& path, const std::function<void(FileWriter&)>& fill) {
  FileWriter writer(path);
  writer.open();
  fill(writer);
  writer.commit();
}

void write_text_atomically(const std::string& path, std::string_view text) {
  write_atomically(path, [&](FileWriter& out) { out.write(text); });
}

}  // namespace excite
