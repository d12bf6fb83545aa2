// Inference: nothing is recorded, batch-norm is folded into the convolutions, and a few images at a
// time go through the whole network, so that what is between two layers stays in a core's cache.
#pragma once
#include "layers/fused/folded.h"
#include "models/zoo/registry.h"

namespace excite {

// Keeps a reference to the model, whose weights and running statistics must stay as they are while
// this lives.
class Inference {
 public:
  explicit Inference(const Model& model);
  // [N, H, W, 3] -> logits [N, classes], as model(x, Mode::evaluate) but for rounding; the same
  // bits on any number of threads.
  Tensor operator()(const Tensor& x) const;

 private:
  const Model& model_;
  mutable FoldedLayers folded_;  // filled by the first image
};

Tensor infer(const Model& model, const Tensor& x);  // the same for once

}  // namespace excite
