// How images are normalized, resized and cropped for weights whose files do not say so, because
// another program wrote them, or say something else.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/interop/weights.h"
#include "tools/commands/command_line.h"

namespace excite {

struct PreprocessingOptions {
  std::optional<std::string> mean, deviation;
  std::optional<long> short_side, side;
};

// --mean, --std, --resize-short and --crop.
void add_preprocessing_options(const Command& command, PreprocessingOptions& options);

// Sets what was given, for this model. UsageError that names the option.
void override_preprocessing(TrainedModel& trained, const PreprocessingOptions& options);

// The three numbers, of R, G and B, of the list that is the value of `option`. UsageError for
// anything else.
std::vector<double> three_numbers(const std::string& option, const std::string& list);

}  // namespace excite
