// The folder of a training run, locked so that only one process at a time works in it.
//   config.json        the recipe with all defaults, written before the first step
//   log.csv            one row per finished epoch
//   last.safetensors   weights and optimizer state, from which the run continues
//   best.safetensors   only the weights, of the epoch with the best validation accuracy, if there
//                      are validation images
//   ema.safetensors    only the average of the weights, if the recipe has one
//   epoch-N.safetensors  only the weights, of each of the last epochs, if that was asked for
//   split.csv          which image files were split off to validate on, if any were
#pragma once
#include <string>

namespace excite {

class RunFolder {
 public:
  // UsageError if the path exists.
  static RunFolder create(const std::string& path);
  // stem-1, or the first number that is free.
  static RunFolder create_numbered(const std::string& stem);
  // Opens the folder of an existing run; removes the unfinished files that a killed process left.
  // Error if another process has it open.
  static RunFolder open(const std::string& path);

  // Whether the path is a folder without a run: empty, or with nothing but a config.json that was
  // not finished. A process that is killed before its first save leaves such a folder.
  static bool is_unstarted(const std::string& path);

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();

  // Error if the path no longer leads to the folder that is locked: somebody has moved, removed or
  // replaced it, and another process may be training in the one that is there now.
  void require_in_place() const;

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.json"; }
  std::string log() const { return path_ + "/log.csv"; }
  std::string last() const { return path_ + "/last.safetensors"; }
  std::string best() const { return path_ + "/best.safetensors"; }
  std::string ema() const { return path_ + "/ema.safetensors"; }
  // The weights after this epoch.
  std::string epoch(long number) const {
    return path_ + "/epoch-" + std::to_string(number) + ".safetensors";
  }
  std::string split() const { return path_ + "/split.csv"; }

 private:
  explicit RunFolder(const std::string& path);  // locks it; the lock ends with the process
  std::string path_;
  int lock_ = -1;
};

}  // namespace excite
