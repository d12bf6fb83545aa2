// config.json: the recipe of a run, its data, and the program and machine that started it.
#pragma once
#include <string>

#include "tools/data/folder.h"
#include "tools/training/initial_weights.h"
#include "tools/training/recipe.h"

namespace excite {

struct RunConfig {
  Recipe recipe;
  InitialWeights initial_weights;
  std::string data;                            // "builtin", or an absolute path
  OnBadImage on_bad_image = OnBadImage::skip;  // what to do with a file that is not a valid image
  Exif exif = Exif::apply;                     // whether files are turned as their EXIF data say
  long kept_epochs = 0;                        // Training::keep_epochs
  int threads = 1;                             // for information; it does not change the numbers
  long format = 1;                             // file_format, models/interop/weights.h; 1 in 0.1.0
  std::string version, precision, cpu;  // of the program and the machine that started the run
};

// The configuration of a run that this program starts on this machine. Paths are made absolute.
RunConfig make_config(const Recipe& recipe, const InitialWeights& initial_weights,
                      const std::string& data, OnBadImage on_bad_image, Exif exif = Exif::apply);

// As JSON.
std::string config_json(const RunConfig& config);
// The same into a file, atomically.
void write_config(const std::string& path, const RunConfig& config);
// From such text. `what` names it in errors, which are those of read_config.
RunConfig parse_config(const std::string& json, const std::string& what);
// FileError if the file is missing or damaged; UsageError if its format is another version's.
RunConfig read_config(const std::string& path);

}  // namespace excite
