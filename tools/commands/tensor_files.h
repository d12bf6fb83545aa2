// Tensors on the command line, for whoever compares with another program: images as they are,
// neither resized nor normalized.
#pragma once
#include <string>
#include <vector>

#include "core/files/safetensors.h"
#include "tools/commands/ensemble_options.h"

namespace excite {

// The tensor `input` [N, 3, H, W], F32 or F64, as [N, H, W, 3]. FileError if it is not that.
Tensor images_in(const SafetensorsFile& file);

// The tensor `target` [N], I64: of each image the number of its class. FileError if it is not that,
// or a class is none of so many.
std::vector<int> targets_in(const SafetensorsFile& file, long images, long classes);

// excite predict --tensors: writes `logits` [N, classes]; of several models the logarithms of their
// mean probabilities.
int predict_tensors(const EnsembleOptions& ensemble, const std::string& tensors,
                    const std::string& out);

}  // namespace excite
