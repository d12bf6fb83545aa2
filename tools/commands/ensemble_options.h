// The options of evaluate and predict that choose the models, the crops of an image, and the names
// and the order of the classes.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/ensemble.h"
#include "tools/commands/command_line.h"
#include "tools/commands/model_override.h"
#include "tools/commands/preprocessing_options.h"
#include "tools/training/ensemble.h"

namespace excite {

struct EnsembleOptions {
  std::vector<std::string> weights;
  std::optional<std::string> ensemble_weights;  // such as "2,1,1"; absent: all equal
  long crops = 1;
  bool flip = false;
  std::string resize = "bilinear", labels, class_order, conv = "auto", precision = "full";
  bool plain = false;
  ModelOverrideOptions overrides;
  PreprocessingOptions preprocessing;
};
// Adds them; --weights is required. Returns --weights.
Option add_ensemble_options(const Command& command, EnsembleOptions& options);

// UsageError or FileError that names the option or the file.
LoadedEnsemble load_ensemble(const EnsembleOptions& options);

}  // namespace excite
