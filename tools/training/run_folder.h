// The folder of one training run, and that only one process at a time works in it.
//   config.json        everything as resolved, written before the first step
//   log.csv            a row for each finished epoch
//   last.safetensors   weights and optimizer: what a run continues from
//   best.safetensors   weights alone, of the epoch with the best test accuracy
#pragma once
#include <string>

namespace excite {

class RunFolder {
 public:
  static RunFolder create(const std::string& path);  // UsageError if there is something already
  static RunFolder create_numbered(
      const std::string& stem);  // stem-1, or the first number that is free
  static RunFolder open(
      const std::string& path);  // to resume; takes away what a killed save has left half-written

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.json"; }
  std::string log() const { return path_ + "/log.csv"; }
  std::string last() const { return path_ + "/last.safetensors"; }
  std::string best() const { return path_ + "/best.safetensors"; }

 private:
  explicit RunFolder(
      const std::string& path);  // locks it; the lock goes with the process, however it ends
  std::string path_;
  int lock_ = -1;
};

}  // namespace excite
