// What a file of weights has in it, numbers aside: names, and shapes as PyTorch has them. Enough to
// tell which network it is.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "autograd/optimizer.h"
#include "core/files/safetensors.h"
#include "layers/module.h"
#include "models/interop/dialects.h"

namespace excite {

using Outline = std::map<std::string, std::vector<long>>;

// Only convolution weights have rank 4, [R, S, C/groups, K], in a file [K, C/groups, R, S], and
// only weights of linear layers rank 2, [in, out], in a file [out, in]; all else is the same on
// both sides.
std::vector<long> dims_in_file(const Shape& shape);

NamedTensors state_of(const Module& module);  // parameters and running statistics
Outline outline_of(const NamedTensors& tensors);
std::string classifier_of(const Module& module);  // the name of what is last: fc

// A file's tensors under our names.
struct NamesInFile {
  const Dialect* dialect;
  std::map<std::string, std::string> in_file;  // our name -> the file's
  long left_out = 0;  // tensors of an auxiliary classifier; PyTorch's counters are not counted
};
NamesInFile names_in(const std::vector<std::string>& names,
                     const std::string& path);  // FileError if two of them are one of ours
Outline outline_of(const SafetensorsFile& file, const NamesInFile& names);

// What keeps tensors from being another's. A weight [K, C] and one [K, C, 1, 1] have the same
// numbers, and count as equal.
struct Differences {
  std::vector<std::string> missing, too_many, other_shape;
  std::size_t count() const { return missing.size() + too_many.size() + other_shape.size(); }
  std::string listed() const;  // "; missing: conv1.weight, bn1.weight and 3 more; too many: ..."
};
Differences differences(const Outline& there, const Outline& expected,
                        const Dialect& words);  // named as in this dialect

}  // namespace excite
