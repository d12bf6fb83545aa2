// A network for 32x32 images that learns in few epochs: that of airbench94 (Jordan, arXiv
// 2404.00498), with ReLU, shortcuts and squeeze-and-excitation.
#pragma once
#include <optional>
#include <vector>

#include "layers/conv_bn.h"
#include "models/placement.h"

namespace excite {

// [N, H, W, in] -> [N, H/2, W/2, out], rounded down:
//   a = relu(bn1(max_pool(conv1(x))))
//   y = relu(se(bn2(conv2(a))) + a)
// At first, conv1 passes its inputs through: output c has the identity kernel for input c added.
struct AirbenchStage : Module {
  Conv2d conv1;
  BatchNorm2d bn1;
  Conv2d conv2;
  BatchNorm2d bn2;
  std::optional<SqueezeExcite> se;
  AirbenchStage(long in, long out, const std::optional<SqueezeExciteOptions>& options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct AirbenchDesign {
  long width = 48;  // channels of the first stage; the two others have four times as many
  real logit_scale = real(1) / 9;  // makes the first logits small
  std::optional<SeOptions> se;     // in stages 2, 3 and 4: the whitening is the first one
};

// A whitening convolution of 2x2, which is not trained but computed from the images
// (tools/training/whitening.h), three stages, the maximum over the pixels, and a linear layer.
struct Airbench : Module {
  static constexpr long filters = 24;  // 12 directions of the 2x2x3 numbers, and their negatives
  Var whiten_weight, whiten_bias;      // [2, 2, 3, filters], a buffer; [filters]
  std::vector<AirbenchStage> stages;
  real logit_scale;
  Linear fc;
  Airbench(const AirbenchDesign& design, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 9; }

 private:
  std::vector<AirbenchStage> make_stages(const AirbenchDesign& design, Rng& rng);
};

}  // namespace excite
