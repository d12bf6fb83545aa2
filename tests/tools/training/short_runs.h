// Short training runs of a small network, and the comparison of their files.
#pragma once
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"
#include "tests/support/training_images.h"
#include "tools/training/loop.h"

namespace excite {

// Short epochs: two steps, and an evaluation of two batches on each of two sets.
inline Recipe short_recipe(long epochs, const std::string& optimizer = "sgd") {
  Recipe r;
  r.model = "se_resnet8";
  r.epochs = epochs;
  r.batch = 8;
  r.optimizer = optimizer;
  r.lr = 0.1 * default_lr(optimizer);
  r.warmup = default_warmup(epochs);
  r.weight_decay = default_weight_decay(optimizer);
  return r;
}

constexpr long steps_per_epoch = 2, evaluation_batches = 4;
inline DataSplit small_data() {
  return {noisy_images(8 * steps_per_epoch + 2), noisy_images(12, 10, 1), noisy_images(12, 10, 2)};
}

// Never stops.
const auto never = [] { return 0; };

// Returns SIGINT from the k-th call on.
inline std::function<int()> stop_at(int k) {
  return [k, calls = 0]() mutable { return ++calls >= k ? SIGINT : 0; };
}

// Starts or resumes the run in `path`.
inline int train_in(const std::string& path, const Recipe& recipe, const std::function<int()>& stop,
                    const DataSplit& data = small_data()) {
  const bool exists = std::filesystem::exists(path);
  const RunFolder folder = exists ? RunFolder::open(path) : RunFolder::create(path);
  Training training(recipe, data, {.stop = stop});
  if (std::filesystem::exists(folder.last())) training.resume_from(folder.last());
  return training.run(folder);
}

// The columns that do not depend on time or memory.
inline std::vector<std::string> log_without_time(const std::string& path) {
  std::vector<std::string> rows;
  for (const std::string& line : split(get(path), '\n')) {
    std::vector<std::string> columns = split(line, ',');
    columns.resize(std::min<std::size_t>(columns.size(), 9));
    rows.push_back(join(columns, ","));
  }
  return rows;
}

inline void expect_same_run(const std::string& path, const std::string& expected) {
  EXPECT_TRUE(get(path + "/last.safetensors") == get(expected + "/last.safetensors")) << path;
  EXPECT_TRUE(get(path + "/best.safetensors") == get(expected + "/best.safetensors")) << path;
  EXPECT_EQ(log_without_time(path + "/log.csv"), log_without_time(expected + "/log.csv")) << path;
}

}  // namespace excite
