// Fast inference. It records no graph, folds batch norm into the convolutions, and takes a few
// images at a time through the whole network, so that the activations stay in a core's cache.
#pragma once
#include "layers/fused/folded.h"
#include "models/model.h"

namespace excite {

// Keeps a reference to the model. Its weights and running statistics must not change while this
// object exists: the first batch folds them, later batches use the folded ones.
class Inference {
 public:
  explicit Inference(const Model& model);
  // [N, H, W, 3] -> logits [N, classes]. Equal to model(x, Mode::eval) up to rounding, with the
  // same bits for any number of threads. The model itself is not touched: each worker thread has a
  // NoGrad guard while it computes.
  Tensor operator()(const Tensor& x) const;

 private:
  const Model& model_;
  mutable FoldedLayers folded_;
};

Tensor infer(const Model& model, const Tensor& x);  // for a single batch

}  // namespace excite
