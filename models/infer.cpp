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

Tensor Inference::operator()(const Tensor& x) const {
  require_images("infer", x.shape());
  constexpr long max_images_at_once = 4;
  const long n = x.dim(0), images_at_once = std::clamp(n / 16, 1l, max_images_at_once),
             image_size = x.size() / std::max(1l, n);  // elements per image
  Tensor logits({n, model_.classes});
  const std::shared_ptr<FoldedLayers> layers = current_layers();
  parallel_for((n + images_at_once - 1) / images_at_once, [&](long i) {
    const NoGrad no_grad;             // for this worker thread: its operations record no graph
    const ThreadBufferCache buffers;  // hundreds of small operations follow
    const long begin = i * images_at_once, count = std::min(images_at_once, n - begin);
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
