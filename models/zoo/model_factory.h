// What every family does: it gives a network of its own type as a Model, whose type is no longer
// known, and reads its names.
#pragma once
#include <initializer_list>
#include <string>

#include "models/zoo/registry.h"

namespace excite {

template <class Network>
Model type_erased(const std::string& name, const Settings& options, long classes, long image_size,
                  Network network) {
  const Module& module = network;
  return {name,
          options,
          classes,
          image_size,
          network.smallest(),
          module,
          [network](const Var& x, Mode mode) { return network(x, mode); }};
}

inline bool is_se(const std::string& name) { return name.starts_with("se_"); }
inline std::string plain(const std::string& name) { return is_se(name) ? name.substr(3) : name; }

// The one of several designs that has this name.
template <class Design>
Design of_name(const std::string& name, std::initializer_list<Design> designs) {
  for (const Design& design : designs)
    if (design.name == name) return design;
  throw UsageError(text("there is no network '", name, "'"));
}

inline Settings residual_se_settings(const Settings& others, const std::string& stages) {
  return together(others, together(se_settings(stages), placement_settings()));
}

inline const std::string squeeze_excite_too =
    "the same with squeeze-and-excitation at the end of each branch";

}  // namespace excite
