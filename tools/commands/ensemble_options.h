// The options of evaluate and predict that say who looks at an image, and how: one model or several
// that are fused, one view or several, and the names and order of the classes.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/ensemble.h"
#include "tools/commands/model_override.h"
#include "tools/training/ensemble.h"

namespace excite {

struct EnsembleOptions {
  std::vector<std::string> weights;
  std::optional<std::string> shares;  // one a file, as 2,1,1; none: all count the same
  long crops = 1;
  bool flip = false;
  std::string resize = "bilinear", labels, class_order;
  ModelOverrideOptions overrides;
};
void add_ensemble_options(CLI::App& command, EnsembleOptions& options);

// What a model sees of an image; what its file does not say is as usual for ImageNet.
ResizeCrop resize_crop_of(const TrainedModel& trained, Resize resize);

struct LoadedEnsemble {
  std::vector<TrainedModel> trained;  // at least one, all of the same classes
  std::vector<double> shares;
  Crops crops;
  Resize resize;
  std::vector<std::string> classes;  // as they are called here
  std::vector<long>
      order;  // class i is the models' class order[i]; empty: they have the same order
  Ensemble ensemble() const;  // keeps references to the models
};
LoadedEnsemble load_ensemble(const EnsembleOptions& options);

}  // namespace excite
