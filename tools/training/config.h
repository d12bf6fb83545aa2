// config.json: a run's recipe, and where and by what program it was started.
#pragma once
#include <string>

#include "tools/training/recipe.h"

namespace excite {

struct RunConfig {
  Recipe recipe;
  std::string data;                                           // builtin, or an absolute path
  int threads = 1;                                            // for the record: changes nothing but the time
  std::string version, precision, cpu;                        // of the program and the machine that started the run
};

RunConfig config_here(const Recipe& recipe, const std::string& data);  // version, precision and CPU of this program and machine
void write_config(const std::string& path, const RunConfig& config);
RunConfig read_config(const std::string& path);               // FileError if it is missing or not what write_config writes

}  // namespace excite
