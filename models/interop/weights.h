// Numbers that outlive the program: a model's state in a safetensors file, under the names and in
// the layout of PyTorch (timm's ResNets), with all beside it that one needs to use it. This file is
// the border: inside, a convolution's weight is [R, S, C/groups, K] and a linear layer's [in, out];
// in a file they are [K, C/groups, R, S] and [out, in], and of the latter some programs make a
// convolution, [out, in, 1, 1].
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "models/interop/outline.h"
#include "models/zoo/registry.h"

namespace excite {

using Metadata = std::map<std::string, std::string>;

enum class Counters {
  left_out,
  written
};  // num_batches_tracked, which PyTorch's load_state_dict(strict=True) wants to see
void save_tensors(const std::string& path, const Metadata& metadata, const NamedTensors& tensors,
                  const Dialect& dialect = own_dialect(), Counters counters = Counters::left_out);

// Fills every tensor from the file, or none: one FileError lists all names that are missing in it,
// too many, or of another shape. Names that begin with `ignored` are not counted as too many, nor
// are num_batches_tracked and AuxLogits, which nothing here needs.
void load_tensors(const SafetensorsFile& file, const NamedTensors& tensors,
                  const std::string& ignored = "");

// What a model was trained for: the names of its classes, what its images are normalized by, (pixel
// / 255 - mean) / deviation, and their size.
struct Preprocessing {
  std::vector<std::string> classes;
  std::array<double, 3> mean{}, deviation{};
  long side = 0, short_side = 0;  // of the square that the model was trained to see, and of the
                                  // image from whose center it is cut; 0: not known
};

struct TrainedModel {
  Model model;
  Preprocessing preprocessing;
  std::string origin;  // of a file that another program has written: what it was taken for
};

// Files that this program writes say the version of their format. Format 1 is that of excite 0.1.0,
// whose metadata names no version and calls image_size picture_size.
constexpr long file_format = 2;
long format_of(const SafetensorsFile& file);  // FileError if it is newer than file_format

Metadata describe(const Model& model, const Preprocessing& preprocessing);
bool is_described(
    const SafetensorsFile& file);  // by this program, and not only named and shaped by another

// What a file is to be taken for, whatever it says itself.
struct ModelOverride {
  std::string model;  // none: as the file says, or as its names and shapes tell
  Settings options;
};

// The model that the file's metadata describes; or, if another program has written it, the one that
// its names and shapes tell, for images normalized as is usual for ImageNet. With the file's
// weights: FileError if they are not this model's, with the nearest model that they are of.
TrainedModel load_model(const SafetensorsFile& file, const ModelOverride& overrides = {});

// All but the classifier, which stays as it was drawn: for other classes than those that the file's
// weights tell apart.
void load_but_classifier(const Model& model, const SafetensorsFile& file);

// Which model that is, without the weights.
struct Description {
  std::string model;
  Settings options;
  Preprocessing preprocessing;
  std::string origin;
};
Description describe(const SafetensorsFile& file, const ModelOverride& overrides = {});

}  // namespace excite
