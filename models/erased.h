// What the families' functions from options to a network share.
#pragma once
#include <string>

#include "models/registry.h"

namespace excite {

template <class Network>
Model erased(const std::string& name, const Settings& options, long classes, long picture_size, Network network) {
  network.name_nodes();
  const Module& module = network;
  return {name, options, classes, picture_size, network.smallest(), module, [network](const Var& x, Mode mode) { return network(x, mode); }};
}

inline bool excited(const std::string& name) { return name.starts_with("se_"); }
inline std::string plain(const std::string& name) { return excited(name) ? name.substr(3) : name; }

}  // namespace excite
