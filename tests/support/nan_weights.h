// A weights file with a number that is not finite, which excite itself never writes.
#pragma once
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/files/safetensors.h"

namespace excite {

// Replaces a number of a tensor in the file by NaN.
inline void put_nan(const std::string& path, const std::string& tensor, long index) {
  std::map<std::string, Tensor> tensors;
  Metadata metadata;
  {
    const SafetensorsFile file(path);
    metadata = file.metadata();
    for (const std::string& name : file.names()) tensors[name] = file.read(name);
  }
  tensors.at(tensor)[index] = std::numeric_limits<real>::quiet_NaN();
  std::vector<TensorToWrite> all;
  for (const auto& [name, numbers] : tensors) all.push_back({name, &numbers});
  write_safetensors(path, metadata, all);
}

}  // namespace excite
