#include "tools/commands/recipes.h"

#include <map>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

const std::map<std::string, Options>& recipes() {
  static const std::map<std::string, Options> all{
      {"default", {}},
      // The small network of models/zoo/airbench.h, with the recipe of airbench94_muon for batches
      // of 500 images instead of 2000, and label smoothing of 0.1 instead of 0.2.
      {"fast",
       {{"--model", "se_airbench"},
        {"--epochs", "8"},
        {"--batch", "500"},
        {"--optimizer", "muon"},
        {"--lr", "0.12"},
        {"--head-lr-factor", "12"},
        {"--warmup", "0"},
        {"--label-smoothing", "0.1"},
        {"--augment", "crop=2,alternating-flip"},
        {"--test-flip", "true"}}},
      // He et al., arXiv 1512.03385, section 4.2, which SENet's authors follow: 64,000 steps.
      {"paper",
       {{"--model", "se_resnet20"},
        {"--epochs", "164"},
        {"--batch", "128"},
        {"--optimizer", "sgd"},
        {"--lr", "0.1"},
        {"--nesterov", "false"},
        {"--schedule", "multistep"},
        {"--milestones", "82,123"},
        {"--gamma", "0.1"},
        {"--warmup", "0"},
        {"--weight-decay", "1e-4"},
        {"--augment", "black-crop,flip"}}}};
  return all;
}

}  // namespace

Options recipe_options(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, unused] : recipes()) names.push_back(known);
  const auto found = recipes().find(name);
  require<UsageError>(found != recipes().end(), "--recipe ", name, ": expected ", join(names, ", "),
                      suggestion(name, names));
  return found->second;
}

void apply_recipe(const Command& command, const std::string& name) {
  for (const auto& [option_name, value] : recipe_options(name)) {
    const Option option = command.option(option_name);
    if (!option.is_given()) option.set(value);
  }
}

}  // namespace excite
