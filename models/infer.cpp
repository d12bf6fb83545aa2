#include "models/infer.h"

#include <algorithm>

#include "core/check.h"
#include "core/kernels/conv2d_bfloat16.h"
#include "core/memory.h"
#include "core/parallel.h"

namespace excite {

Inference::Inference(const Model& model, Weights weights, Precision precision)
    : model_(model),
      weights_(weights),
      precision_(precision),
      folded_(std::make_shared<FoldedLayers>(precision)) {
  if (precision == Precision::bfloat16) require_bfloat16();
}

// The layers are not changed in place, as another thread may still use them.
std::shared_ptr<FoldedLayers> Inference::current_layers() const {
  const auto get = [&] {
    const std::lock_guard lock(mutex_);
    return folded_;
  };
  const std::shared_ptr<FoldedLayers> layers = get();
  if (weights_ == Weights::constant || layers->are_current()) return layers;
  const std::lock_guard lock(mutex_);
  if (folded_ == layers) folded_ = std::make_shared<FoldedLayers>(precision_);
  return folded_;
}

namespace {
// How many images a core takes through the network at once. A few have activations that stay in its
// caches. A weight with many numbers for each pixel of an image does not stay there, so more images
// share it.
long images_at_once(const Module& network, const Tensor& x) {
  long largest_weight = 0;
  for (const Var& parameter : network.parameters())
    if (parameter.shape().rank() == 4)
      largest_weight = std::max(largest_weight, parameter.shape().size());
  constexpr long numbers_per_pixel = 16, min_parts = 16;
  const long pixels = std::max(1l, x.dim(1) * x.dim(2)),
             most = std::clamp(largest_weight / (numbers_per_pixel * pixels), 4l, 32l);
  return std::clamp(x.dim(0) / min_parts, 1l, most);
}
}  // namespace

Tensor Inference::operator()(const Tensor& x) const {
  require_images("infer", x.shape());
  const long n = x.dim(0), at_once = images_at_once(model_.module(), x),
             image_size = x.size() / std::max(1l, n);  // elements per image
  Tensor logits({n, model_.classes});
  const std::shared_ptr<FoldedLayers> layers = current_layers();
  parallel_for((n + at_once - 1) / at_once, [&](long i) {
    const NoGrad no_grad;             // for this worker thread: its operations record no graph
    const ThreadBufferCache buffers;  // hundreds of small operations follow
    const long begin = i * at_once, count = std::min(at_once, n - begin);
    Tensor batch({count, x.dim(1), x.dim(2), x.dim(3)});
    std::copy_n(x.data() + begin * image_size, count * image_size, batch.data());
    Implementation folding = model_.implementation;
    folding.folded = layers.get();
    const UseImplementation use(folding);
    const Var y = model_.run(std::move(batch), Mode::eval);
    std::copy_n(y->value.data(), y->value.size(), logits.data() + begin * model_.classes);
  });
  return logits;
}

Tensor infer(const Model& model, const Tensor& x) { return Inference(model, Weights::constant)(x); }

}  // namespace excite
