#include "models/infer.h"

#include <algorithm>

#include "core/check.h"
#include "core/memory.h"
#include "core/parallel.h"

namespace excite {

Inference::Inference(const Model& model) : model_(model) {}

Tensor Inference::operator()(const Tensor& x) const {
  require_images("infer", x.shape());
  constexpr long max_at_once = 4;
  const long n = x.dim(0), at_once = std::clamp(n / 16, 1l, max_at_once),
             numbers = x.size() / std::max(1l, n);
  Tensor logits({n, model_.classes});
  parallel_for((n + at_once - 1) / at_once, [&](long i) {
    const NoGrad no_grad;
    const OwnBuffers own;  // hundreds of small operations follow, on every thread
    const long begin = i * at_once, count = std::min(at_once, n - begin);
    Tensor some({count, x.dim(1), x.dim(2), x.dim(3)});
    std::copy_n(x.data() + begin * numbers, count * numbers, some.data());
    const Var y = model_(std::move(some), Mode{Mode::Kind::evaluate, &folded_});
    std::copy_n(y->value.data(), y->value.size(), logits.data() + begin * model_.classes);
  });
  return logits;
}

Tensor infer(const Model& model, const Tensor& x) { return Inference(model)(x); }

}  // namespace excite
