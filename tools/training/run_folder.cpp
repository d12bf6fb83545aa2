#include "tools/training/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/check.h"

namespace excite {

namespace fs = std::filesystem;

namespace {

std::string errno_message() { return std::generic_category().message(errno); }

// Returns false if the path exists already. mkdir is atomic, so of two runs that start together
// only one gets the folder.
bool create_folder(const std::string& path) {
  std::error_code error;
  if (const fs::path parent = fs::path(path).parent_path(); !parent.empty())
    fs::create_directories(parent, error);
  require<FileError>(!error, path, ": its parent folder cannot be created: ", error.message());
  if (mkdir(path.c_str(), 0777) == 0) return true;
  require<FileError>(errno == EEXIST, path, ": the folder cannot be created: ", errno_message());
  return false;
}

// "runs/a/" -> "runs/a"
std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

RunFolder::RunFolder(const std::string& path) : path_(path) {
  lock_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  require<FileError>(lock_ >= 0, path, ": the folder cannot be opened: ", errno_message());
  // Some file systems do not support locks; the run then goes on without one.
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  close(lock_);
  throw Error(path + ": another process is training in this folder");
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
}

RunFolder RunFolder::create(const std::string& path) {
  const std::string folder = without_slash(path);
  require<UsageError>(
      create_folder(folder), "train: --out ", folder,
      ": it exists already; add --resume to continue the run in it, or give another name");
  return RunFolder(folder);
}

RunFolder RunFolder::create_numbered(const std::string& stem) {
  long number = 1;
  while (!create_folder(text(stem, "-", number))) number++;
  return RunFolder(text(stem, "-", number));
}

RunFolder RunFolder::open(const std::string& path) {
  RunFolder folder(without_slash(path));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.path_))
    for (const char* unfinished : {".json.tmp.", ".csv.tmp.", ".html.tmp.", ".safetensors.tmp."})
      if (entry.path().filename().string().find(unfinished) != std::string::npos)
        fs::remove(entry.path());
  return folder;
}

void RunFolder::require_in_place() const {
  struct stat locked {
  }, there{};
  const bool in_place = fstat(lock_, &locked) == 0 && stat(path_.c_str(), &there) == 0 &&
                        locked.st_dev == there.st_dev && locked.st_ino == there.st_ino;
  require(
      in_place, path_,
      ": the folder of this run was moved, removed or replaced while it was training, so nothing "
      "more is saved; put it back and continue with --resume");
}

bool RunFolder::is_unstarted(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return false;
  fs::directory_iterator entries(path, error);
  return !error && std::all_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with("config.json.tmp.");
  });
}

}  // namespace excite
