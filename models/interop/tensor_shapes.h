// The names and shapes of a model's tensors and of a file's tensors, without their numbers. They
// are enough to tell which network a file belongs to, and what is missing in it.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "autograd/optimizer.h"
#include "core/files/safetensors.h"
#include "layers/module.h"
#include "models/interop/dialects.h"

namespace excite {

using TensorShapes = std::map<std::string, std::vector<long>>;  // name -> PyTorch's shape

// The shape of a tensor in a file. Convolution weights are the only tensors of rank 4:
// [R, S, C/groups, K] here, [K, C/groups, R, S] in a file. Weights of linear layers are the only
// ones of rank 2: [in, out] here, [out, in] in a file. All others have the same shape in both.
std::vector<long> dims_in_file(const Shape& shape);

NamedTensors state_of(const Module& module);  // parameters and running statistics
// The names of all but the weights of convolutions and linear layers: a file has them as they are.
std::set<std::string> names_as_in_memory(const Module& module);
// The shapes that the tensors have in a file.
TensorShapes shapes_of(const NamedTensors& tensors, const std::set<std::string>& as_in_memory = {});
std::string classifier_name(const Module& module);  // the name of the last layer: fc

// Which tensor of a file is which of ours.
struct NameMapping {
  const Dialect* dialect;                        // the program that wrote the file
  std::map<std::string, std::string> file_name;  // our name -> the name in the file
  long ignored = 0;                              // tensors of an auxiliary classifier
};
// FileError if two names in the file stand for the same name of ours. PyTorch's counters
// (num_batches_tracked) are left out.
NameMapping map_names(const std::vector<std::string>& names, const std::string& path);
TensorShapes shapes_of(const SafetensorsFile& file, const NameMapping& names);

// [K, C, 1, 1] -> [K, C]: a linear layer may be stored as a 1x1 convolution, with the same numbers.
// Other shapes stay as they are.
std::vector<long> as_matrix(const std::vector<long>& dims);

// The difference between two sets of tensors. Two shapes count as equal if as_matrix makes them so.
struct Differences {
  std::vector<std::string> missing, unexpected, wrong_shape;
  std::size_t count() const { return missing.size() + unexpected.size() + wrong_shape.size(); }
  // "; missing: conv1.weight, bn1.weight and 3 more; unexpected: ...; wrong shape: ..."
  std::string summary() const;
};
// The names in the result are those of the dialect.
Differences differences(const TensorShapes& actual, const TensorShapes& expected,
                        const Dialect& dialect);

}  // namespace excite
