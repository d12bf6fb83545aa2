// config.json: a run's recipe, and where and by what program it was started.
#pragma once
#include <string>

#include "tools/data/folder.h"
#include "tools/training/recipe.h"

namespace excite {

// Weights to begin with, of this program or another; none: as they are drawn. Of the classifier
// those too, or, for other classes, as it is drawn.
struct Start {
  std::string weights;
  enum class Classifier { of_weights, drawn } classifier = Classifier::of_weights;
};

struct RunConfig {
  Recipe recipe;
  Start start;
  std::string data;                     // builtin, or an absolute path
  Broken broken = Broken::skipped;      // what becomes of a file that is no image
  int threads = 1;                      // for the record: changes nothing but the time
  long format = 1;                      // of the run's files, see models/interop/weights.h
  std::string version, precision, cpu;  // of the program and the machine that started the run
};

RunConfig config_here(const Recipe& recipe, const Start& start, const std::string& data,
                      Broken broken);  // by this program, on this machine
void write_config(const std::string& path, const RunConfig& config);
RunConfig read_config(
    const std::string& path);  // FileError if it is missing or not what write_config writes

}  // namespace excite
