// Numbers that outlive the program: a model's state in a safetensors file, under the names and in the layout of PyTorch (timm's ResNets),
// with all beside it that one needs to use it. This file is the border: inside, a convolution's weight is [R, S, C/groups, K] and a linear
// layer's [in, out]; in a file they are [K, C/groups, R, S] and [out, in].
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "autograd/optimizer.h"
#include "core/files/safetensors.h"
#include "models/registry.h"

namespace excite {

using Metadata = std::map<std::string, std::string>;

NamedTensors state_of(const Module& module);  // parameters and running statistics

void save_tensors(const std::string& path, const Metadata& metadata, const NamedTensors& tensors);

// Fills every tensor from the file, or none: one FileError lists all names that are missing in it, too many, or of another shape. Names
// that begin with `ignored` are not counted as too many, nor is num_batches_tracked, which PyTorch writes and nothing here needs.
void load_tensors(const SafetensorsFile& file, const NamedTensors& tensors, const std::string& ignored = "");

// What a model was trained for: the names of its classes, what its pictures are normalised by, (pixel / 255 - mean) / deviation, and their size.
struct Purpose {
  std::vector<std::string> classes;
  std::array<double, 3> mean{}, deviation{};
  long side = 0, short_side = 0;  // of the square that the model was trained to see, and of the picture from whose centre it is cut; 0: not known
};

struct TrainedModel {
  Model model;
  Purpose purpose;
};

Metadata describe(const Model& model, const Purpose& purpose);

// The model that the file's metadata describes, with the file's weights. FileError if it is not whole, or not written by describe().
TrainedModel load_model(const SafetensorsFile& file);

}  // namespace excite
