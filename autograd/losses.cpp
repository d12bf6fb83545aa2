// Softmax and the losses: the value, and right below it the gradient. Targets are data.
#include <cmath>
#include <limits>
#include <utility>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/channels.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/softmax.h"
#include "core/shared_batch.h"
#include "core/text.h"

namespace excite {

// ---- classification ----

// dx_i = p_i (dy_i - sum over j of dy_j p_j)
Var softmax(const Var& x) {
  Tensor value = softmax(x->value);
  return result("softmax", std::move(value), {x},
                [=](Node& y) { x.add_grad(softmax_dx(y.grad, y.value)); });
}

// dx_i = dy_i - p_i sum over j of dy_j
Var log_softmax(const Var& x) {
  Tensor value = log_softmax(x->value);
  return result("log_softmax", std::move(value), {x},
                [=](Node& y) { x.add_grad(log_softmax_dx(y.grad, y.value)); });
}

namespace {

// t log p, where 0 (-inf) counts as 0: a class that is no target may have the logit -inf. 0 NaN
// stays NaN.  dlog_p = t dy
Var mul_targets(const Var& log_p, const Var& targets) {
  constexpr real lowest = -std::numeric_limits<real>::infinity();
  Tensor value = map([](real l, real t) { return t == 0 && l == lowest ? real(0) : t * l; },
                     log_p->value, targets->value);
  return result("mul_targets", std::move(value), {log_p, targets}, [=](Node& y) {
    log_p.add_grad(map([](real dy, real t) { return t * dy; }, y.grad, targets->value));
  });
}

// - sum over n, i of t[n, i] log_softmax(logits)[n, i] / count. Composed of operations that give
// the gradient: for targets that sum to 1, (softmax(logits) - t) / count.
Var mean_cross_entropy(const Var& logits, const Var& targets, double count) {
  return scale(sum(mul_targets(log_softmax(logits), targets)), -1 / static_cast<real>(count));
}

void require_images_and_classes(const Var& logits) {
  require(logits.shape()[0] > 0, "cross_entropy: logits of shape ", logits.shape(),
          " contain no images, expected at least 1");
  require(logits.shape()[1] > 1, "cross_entropy: logits of shape ", logits.shape(), " have ",
          counted(logits.shape()[1], "class"),
          ", expected at least 2, as the loss of a single "
          "one is always 0; for one logit per image use bce_with_logits");
}
void require_labels(const Var& logits, const std::vector<int>& labels) {
  require(logits.shape().rank() == 2 && logits.shape()[0] == static_cast<long>(labels.size()),
          "cross_entropy: logits have shape ", logits.shape(), ", but there are ", labels.size(),
          " labels, expected [N, classes] and N labels");
  require_images_and_classes(logits);
}

}  // namespace

Var cross_entropy(const Var& logits, const Tensor& targets) {
  require(logits.shape().rank() == 2 && logits.shape() == targets.shape(),
          "cross_entropy: logits have shape ", logits.shape(), " and targets ", targets.shape(),
          ", expected [N, classes] of both");
  require_images_and_classes(logits);
  return mean_cross_entropy(logits, targets.clone(),
                            static_cast<double>(whole_batch(targets.dim(0))));
}

Var cross_entropy(const Var& logits, const std::vector<int>& labels, real smoothing) {
  require_labels(logits, labels);
  return mean_cross_entropy(logits, smoothed_one_hot(labels, logits.shape()[1], smoothing),
                            static_cast<double>(whole_batch(std::ssize(labels))));
}

Var cross_entropy(const Var& logits, const std::vector<int>& labels, const Tensor& class_weights,
                  real smoothing) {
  require_labels(logits, labels);
  const long classes = logits.shape()[1];
  require(class_weights.shape() == Shape{classes}, "cross_entropy: logits have shape ",
          logits.shape(), " and class weights ", class_weights.shape(), ", expected ",
          Shape{classes}, ", a weight for each class");
  const Tensor targets = smoothed_one_hot(labels, classes, smoothing);
  return mean_cross_entropy(logits, scale_channels(targets, class_weights),
                            total_weight(gather_batch(labels), class_weights));
}

// ---- losses of numbers ----

namespace {
void require_targets(const char* op, const Var& x, const Tensor& targets) {
  require(x.shape() == targets.shape() && !targets.empty(), op, ": input has shape ", x.shape(),
          " and targets ", targets.shape(), ", expected equal shapes with at least one number");
}
}  // namespace

// dx = 2 (x - t) / size
Var mse_loss(const Var& x, const Tensor& targets) {
  require_targets("mse_loss", x, targets);
  const Var t = targets.clone();
  const Tensor difference = map([](real u, real v) { return u - v; }, x->value, targets);
  const double size = static_cast<double>(whole_size(targets.shape()));
  Tensor value = full({}, static_cast<real>(dot(difference, difference) / size));
  return result("mse_loss", std::move(value), {x, t}, [=](Node& y) {
    const real factor = 2 * y.grad.item() / static_cast<real>(size);
    x.add_grad(map([=](real u, real v) { return factor * (u - v); }, x->value, t->value));
  });
}

// With p = sigmoid(x), -t log p - (1 - t) log(1 - p) is log(1 + exp(-|x|)) plus |x| (1 - t) above 0
// and |x| t below 0. No exp overflows, and 0 times infinity counts as 0.  dx = (p - t) / size
Var bce_with_logits(const Var& logits, const Tensor& targets) {
  require_targets("bce_with_logits", logits, targets);
  const Var t = targets.clone();
  const auto loss = [](real x, real target) {
    const real size = std::abs(x), wrong = x > 0 ? 1 - target : target;
    return std::log1p(std::exp(-size)) + (wrong == 0 ? 0 : wrong * size);
  };
  const double size = static_cast<double>(whole_size(targets.shape()));
  Tensor value = full({}, static_cast<real>(sum(map(loss, logits->value, targets)) / size));
  return result("bce_with_logits", std::move(value), {logits, t}, [=](Node& y) {
    const real factor = y.grad.item() / static_cast<real>(size);
    const auto slope = [=](real x, real target) {
      return factor * (1 / (1 + std::exp(-x)) - target);
    };
    logits.add_grad(map(slope, logits->value, t->value));
  });
}

}  // namespace excite
