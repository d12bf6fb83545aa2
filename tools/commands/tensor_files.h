// Tensors as input, to compare with another program: images are used as they are, without resizing
// and normalization.
#pragma once
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "tools/commands/ensemble_options.h"

namespace excite {

// Reads tensor `input` [N, 3, H, W], F32 or F64, as [N, H, W, 3]. FileError if it has another shape
// or type, or numbers that are not finite.
Tensor images_in(const SafetensorsFile& file);

// FileError, which names the file, if the images are smaller than the model can process.
void require_large_enough(const Tensor& images, const Model& model, const SafetensorsFile& file);

// Reads tensor `target` [N], I64: the class of each image, from 0 to classes - 1. FileError if it
// has another shape or type, or a class is out of range.
std::vector<int> targets_in(const SafetensorsFile& file, long images, long classes);

// Throws Diverged, which names the first value or gradient in the graph of y that is not finite; if
// all of them are, `otherwise`.
[[noreturn]] void throw_not_finite(const Var& y, const std::string& otherwise);

// excite predict --tensors: writes tensor `logits` [N, classes] to the file `out`. For several
// models these are the logarithms of their mean probabilities.
int predict_tensors(const EnsembleOptions& ensemble, const std::string& tensors,
                    const std::string& out);

}  // namespace excite
