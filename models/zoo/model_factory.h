// Helpers of the families' functions that make a model from a name and options.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "models/zoo/registry.h"

namespace excite {

// A network of its own type as a type-erased Model.
template <class Network>
Model wrap_network(const std::string& name, const Settings& options, long classes, long image_size,
                   Network network) {
  const long min_image_size = network.min_image_size();
  return as_model(std::move(network), {name, classes, image_size, min_image_size, options});
}

// Whether the model has squeeze-and-excitation: se_resnet20; and its name without: resnet20.
inline bool has_se(const std::string& name) { return name.starts_with("se_"); }
inline std::string base_name(const std::string& name) {
  return has_se(name) ? name.substr(3) : name;
}

// The design of this name. UsageError if there is none.
template <class Design>
Design find_design(const std::string& name, std::initializer_list<Design> designs) {
  for (const Design& design : designs)
    if (design.name == name) return design;
  throw UsageError(text("there is no network '", name, "'"));
}

// The defaults of a network with shortcuts and squeeze-and-excitation.
inline Settings residual_se_defaults(const Settings& others, const std::string& stages) {
  return merged(others, merged(se_defaults(stages), placement_defaults()));
}

// The line that describes the model in the list.
inline const std::string se_variant_about =
    "the same with squeeze-and-excitation at the end of each branch";

}  // namespace excite
