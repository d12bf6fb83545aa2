// Trained models as ONNX files, which ONNX Runtime, OpenVINO and others run. The nodes follow from
// the graph of one forward pass in evaluation, so every network can be exported that consists of
// operations with a counterpart in ONNX. Images are [N, 3, H, W] there, [N, H, W, 3] here.
#pragma once
#include <string>

#include "models/interop/weights.h"

namespace excite {

constexpr long min_onnx_opset = 13, max_onnx_opset = 18;

struct OnnxOptions {
  long image_size = 0;           // side in pixels; 0: that of the model
  long opset = 17;               // version of ONNX's operators, from min_ to max_onnx_opset
  bool softmax = false;          // the output is probabilities instead of logits
  bool fold_batch_norm = false;  // into the convolution before it
};

// Writes the file atomically. Input `images` [N, 3, H, W]: red, green, blue from 0 to 1 (byte /
// 255), which the graph normalizes; N is any number, H = W = image_size. Output `logits` or
// `probabilities`, [N, classes]. Weights are float32 under their names and in PyTorch's layout. The
// metadata are those of a file of weights (classes as a JSON list), but with a normalization that
// changes nothing. UsageError if an option is out of range; Error if an operation has no
// counterpart.
void write_onnx(const std::string& path, const TrainedModel& trained,
                const OnnxOptions& options = {});

}  // namespace excite
