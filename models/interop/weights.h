// A model's weights in a safetensors file, under PyTorch's names (timm's ResNets) and in PyTorch's
// layout, with the metadata that is needed to use them.
//
// Layouts are converted here and nowhere else. In memory a convolution's weight is [R, S, C/groups,
// K] and a linear layer's [in, out]. In a file they are [K, C/groups, R, S] and [out, in]; some
// programs store a linear layer as a 1x1 convolution, [out, in, 1, 1].
#pragma once
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "models/interop/tensor_shapes.h"
#include "models/model.h"

namespace excite {

// A tensor of rank 2 or 4, a weight, in the layout of a file; others unchanged.
Tensor to_file(const Tensor& weight);

using Metadata = std::map<std::string, std::string>;  // of a safetensors file

// Whether a file gets num_batches_tracked. PyTorch's load_state_dict(strict=True) requires it;
// nothing here reads it.
enum class Counters { left_out, written };
// Tensors of rank 2 and 4 are converted, unless their name is in `as_in_memory`.
void save_tensors(const std::string& path, const Metadata& metadata, const NamedTensors& tensors,
                  const Dialect& dialect = own_dialect(), Counters counters = Counters::left_out,
                  const std::set<std::string>& as_in_memory = {});

// Fills all tensors from the file, or none of them: a FileError says which names are missing, which
// are unexpected, and which have the wrong shape. Diverged names the first tensor with a number
// that is not finite. Names that begin with `ignored` are never unexpected; neither are
// num_batches_tracked and AuxLogits.
void load_tensors(const SafetensorsFile& file, const NamedTensors& tensors,
                  const std::string& ignored = "", const std::set<std::string>& as_in_memory = {});

// The usual normalization of images for networks that were trained on ImageNet, of R, G, B.
inline constexpr std::array<double, 3> imagenet_mean{0.485, 0.456, 0.406},
    imagenet_deviation{0.229, 0.224, 0.225};

// How images become the input of a trained model, and what its outputs are called.
struct Preprocessing {
  std::vector<std::string> classes;                  // the name of each class
  std::array<double, 3> mean{}, deviation{1, 1, 1};  // of R, G, B: (pixel / 255 - mean) / deviation
  long image_size = 0;  // side in pixels of the square that the model sees; 0: unknown
  long short_side = 0;  // short side of the image from whose center it is cut; 0: unknown
};

struct TrainedModel {
  Model model;
  Preprocessing preprocessing;
  std::string origin{};  // for a file of another program: which network it was recognized as
};

// The version of the files that this program writes. Format 1 is that of excite 0.1.0: its metadata
// has no version, and image_size is called picture_size.
constexpr long file_format = 2;
long format_of(const SafetensorsFile& file);  // FileError if it is newer than file_format

// The metadata of a file: the model, its options and the preprocessing.
Metadata describe(const Model& model, const Preprocessing& preprocessing);
// Whether the file has such metadata. Files of other programs have only names and shapes.
bool is_described(const SafetensorsFile& file);

// A model and options that are used in place of those that a file states or that are inferred.
struct ModelOverride {
  std::string model;  // empty: no override
  Settings options;
};

// Loads the model that the file's metadata describes. For a file of another program, the model is
// inferred from names and shapes, and images are normalized as is usual for ImageNet. FileError if
// the tensors are not those of the model; the error names the nearest model. Diverged if a number
// is not finite.
TrainedModel load_model(const SafetensorsFile& file, const ModelOverride& overrides = {});

// Fills all tensors of the model. FileError as load_model: the error names the model that fits, or
// the nearest one. Diverged as load_tensors.
void load_weights(const Model& model, const SafetensorsFile& file);

// Loads all weights except the classifier's, which keep their values: for fine-tuning on other
// classes than those of the file.
void load_backbone(const Model& model, const SafetensorsFile& file);

// Like load_model, without the weights.
struct Description {
  std::string model;
  Settings options;
  Preprocessing preprocessing;
  std::string origin;
};
// FileError as load_model.
Description describe(const SafetensorsFile& file, const ModelOverride& overrides = {});

}  // namespace excite
