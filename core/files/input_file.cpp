#include "core/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/check.h"

namespace excite {

namespace {

// Whether opening failed because of the file or its path. Otherwise the system could not do it now,
// for example because too many files are open.
bool is_fault_of_file(int error) {
  for (const int fault : {ENOENT, EACCES, EPERM, ELOOP, ENOTDIR, ENAMETOOLONG, ENXIO})
    if (error == fault) return true;
  return false;
}

}  // namespace

// With O_NONBLOCK, opening a pipe that nobody writes to returns at once. It has no effect on
// regular files.
InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  const int error = errno;
  const auto message = [&] {
    return text(path, ": cannot be opened: ", std::generic_category().message(error));
  };
  if (descriptor_ < 0 && is_fault_of_file(error)) throw UnusableFile(message());
  if (descriptor_ < 0) throw FileError(message());
  struct stat status {};
  const bool has_status = fstat(descriptor_, &status) == 0;
  const int reason = errno;
  const bool regular = has_status && S_ISREG(status.st_mode);
  if (!regular) close(descriptor_);
  require<FileError>(has_status, path,
                     ": its type cannot be determined: ", std::generic_category().message(reason));
  require<UnusableFile>(!S_ISDIR(status.st_mode), path, ": is a folder, expected a file");
  require<UnusableFile>(regular, path, ": is a pipe or a device, expected a regular file");
  size_ = status.st_size;
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void InputFile::read(long offset, void* bytes, long count) const {
  require<UnusableFile>(offset >= 0 && count >= 0 && count <= size_ - offset, path_, ": has ",
                        size_, " bytes, but ", count, " bytes from offset ", offset,
                        " on were requested");
  for (auto* to = static_cast<char*>(bytes); count > 0;) {
    const ssize_t got = pread(descriptor_, to, count, offset);
    if (got < 0 && errno == EINTR) continue;
    require<FileError>(got >= 0, path_, ": reading byte ", offset, ": ",
                       std::generic_category().message(errno));
    require<UnusableFile>(got > 0, path_, ": ends at byte ", offset,
                          ": the file was truncated while it was being read");
    to += got, offset += got, count -= got;
  }
}

std::vector<std::uint8_t> read_file(const std::string& path, long max_bytes) {
  const InputFile file(path);
  require<UnusableFile>(file.size() <= max_bytes, path, ": has ", file.size(),
                        " bytes, expected at most ", max_bytes);
  std::vector<std::uint8_t> bytes(file.size());
  file.read(0, bytes.data(), file.size());
  return bytes;
}

}  // namespace excite
