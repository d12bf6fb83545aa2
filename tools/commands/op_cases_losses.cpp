// Cases of softmax and the losses.
#include "tools/commands/op_case_parts.h"

namespace excite {

std::vector<OpCase> loss_cases() {
  const auto soft_targets = [](const Vars& in) {
    return cross_entropy(
        in[0], Tensor({2, 3}, {real(0.2), real(0.5), real(0.3), 0, real(0.9), real(0.1)}));
  };
  const auto class_weights = [] { return Tensor({5}, {1, 3, real(0.5), 2, 0}); };
  const auto drawn = [](const Shape& shape) {
    Rng rng(1);
    return uniform(shape, rng);
  };
  return {
      {"softmax", "rows", [](const Vars& in) { return softmax(in[0]); }, normals({{3, 4}})},
      {"softmax", "images", [](const Vars& in) { return softmax(in[0]); }, normals({{1, 2, 2, 3}})},
      {"log_softmax", "rows", [](const Vars& in) { return log_softmax(in[0]); }, normals({{3, 4}})},
      {"log_softmax", "logits around 300", [](const Vars& in) { return log_softmax(in[0]); },
       normals({{3, 4}}, 300)},
      {"cross_entropy", "labels",
       [](const Vars& in) {
         return cross_entropy(in[0], {2, 0, 3, 2});
       },
       normals({{4, 5}})},
      {"cross_entropy", "one image, two classes",
       [](const Vars& in) { return cross_entropy(in[0], {1}); }, normals({{1, 2}})},
      {"cross_entropy", "labels smoothed by 0.1",
       [](const Vars& in) {
         return cross_entropy(in[0], {2, 0, 3, 2}, real(0.1));
       },
       normals({{4, 5}})},
      {"cross_entropy", "class weights",
       [=](const Vars& in) {
         return cross_entropy(in[0], {2, 0, 3, 2}, class_weights());
       },
       normals({{4, 5}})},
      {"cross_entropy", "class weights, labels smoothed by 0.1",
       [=](const Vars& in) {
         return cross_entropy(in[0], {2, 0, 3, 2}, class_weights(), real(0.1));
       },
       normals({{4, 5}})},
      {"cross_entropy", "soft targets", soft_targets, normals({{2, 3}})},
      {"mse_loss", "images", [=](const Vars& in) { return mse_loss(in[0], drawn(in[0].shape())); },
       normals({{2, 2, 3, 2}})},
      {"mse_loss", "one number", [](const Vars& in) { return mse_loss(in[0], full({}, 3)); },
       normals({Shape{}})},
      {"bce_with_logits", "targets from 0 to 1",
       [=](const Vars& in) { return bce_with_logits(in[0], drawn(in[0].shape())); },
       normals({{4, 3}})},
      {"bce_with_logits", "targets 0 and 1, logits up to 30",
       [](const Vars& in) {
         return bce_with_logits(in[0], Tensor({2, 4}, {0, 1, 0, 1, 1, 0, 0, 1}));
       },
       between(-30, 30, {{2, 4}})},
  };
}

}  // namespace excite
