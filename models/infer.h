// Fast inference. It records no graph, folds batch norm into the convolutions, and takes a few
// images at a time through the whole network, so that the activations stay in a core's cache.
#pragma once
#include <memory>
#include <mutex>

#include "layers/fused/folded.h"
#include "models/model.h"

namespace excite {

// Whether a model's weights and running statistics may change while it is used for inference.
enum class Weights {
  may_change,  // before each batch, checksums tell whether to fold them again
  constant,    // folded once: faster for single images, and wrong if they do change
};

// Shares the model's network.
class Inference {
 public:
  // With Precision::bfloat16, convolutions followed by batch norm multiply in bfloat16, except
  // where the channels of a group are odd in number or fewer than a vector. Error where this build
  // or its CPU has no such products. It is faster, and the logits differ by about 1 % of the
  // largest.
  explicit Inference(const Model& model, Weights weights = Weights::may_change,
                     Precision precision = Precision::full);
  // [N, H, W, 3] -> logits [N, classes]. Equal to model(x, Mode::eval) up to rounding, with the
  // same bits for any number of threads. The model itself is not touched: each worker thread has a
  // NoGrad guard while it computes. The weights must not change during a call.
  Tensor operator()(const Tensor& x) const;

 private:
  std::shared_ptr<FoldedLayers> current_layers() const;
  Model model_;  // a handle
  Weights weights_;
  Precision precision_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<FoldedLayers> folded_;  // replaced when the weights have changed
};

Tensor infer(const Model& model, const Tensor& x);  // for a single batch

}  // namespace excite
