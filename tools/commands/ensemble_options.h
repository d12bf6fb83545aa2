// The options of evaluate and predict that choose the models, the crops of an image, and the names
// and the order of the classes.
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
  std::optional<std::string> ensemble_weights;  // such as "2,1,1"; absent: all equal
  long crops = 1;
  bool flip = false;
  std::string resize = "bilinear", labels, class_order;
  ModelOverrideOptions overrides;
};
void add_ensemble_options(CLI::App& command, EnsembleOptions& options);

// How an image is resized and cropped for a model. Sizes that its file does not name are those that
// are usual for ImageNet: 256 and 224, or in this proportion.
ResizeCrop resize_crop_of(const TrainedModel& trained, ResizeFunction resize);

struct LoadedEnsemble {
  std::vector<TrainedModel> trained;  // at least one; all have the same classes
  std::vector<double> weights;        // of the models in the mean
  Crops crops;
  ResizeFunction resize;
  std::vector<std::string> classes;
  std::vector<long> order;    // class i is output order[i] of the models; empty: output i
  Ensemble ensemble() const;  // refers to the models of this object
};

// UsageError or FileError that names the option or the file.
LoadedEnsemble load_ensemble(const EnsembleOptions& options);

}  // namespace excite
