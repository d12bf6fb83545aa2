#include "tools/training/initial_weights.h"

#include "core/check.h"
#include "core/files/safetensors.h"
#include "core/text.h"
#include "models/interop/weights.h"

namespace excite {

std::string read_initial_weights(const InitialWeights& initial_weights, Model& model,
                                 const std::vector<std::string>& data_classes) {
  const SafetensorsFile file(initial_weights.file);
  const Description described = describe(file, {model.name, model.options});
  const std::string line = printable(text("weights: ", initial_weights.file,
                                          described.origin.empty() ? "" : ", ", described.origin));
  if (initial_weights.new_head) {
    load_backbone(model, file);
    return text(line, "; the classifier is initialized anew\n");
  }
  const std::vector<std::string>& file_classes = described.preprocessing.classes;
  // Files of other programs do not name their classes.
  const bool same = described.origin.empty() ? file_classes == data_classes
                                             : file_classes.size() == data_classes.size();
  require<UsageError>(same, "train: ", initial_weights.file, " has ", file_classes.size(),
                      " classes, but they are not the ", data_classes.size(),
                      " classes of the images; --new-head loads all weights but the classifier's");
  load_weights(model, file);
  return line + "\n";
}

}  // namespace excite
