#include "models/zoo/airbench.h"

#include <algorithm>

#include "models/network.h"

namespace excite {

AirbenchStage::AirbenchStage(long in, long out, const std::optional<SqueezeExciteOptions>& options,
                             Rng& rng)
    : conv1(own("conv1", Conv2d(in, out, 3, rng, {.pad = 1}))),
      bn1(own("bn1", BatchNorm2d(out))),
      conv2(own("conv2", Conv2d(out, out, 3, rng, {.pad = 1}))),
      bn2(own("bn2", BatchNorm2d(out))) {
  if (options) se = own("se", SqueezeExcite(out, *options, rng));
  if (rng.is_silent()) return;  // the weights will be loaded, or are only counted
  constexpr long center = 4;    // of the 9 taps
  for (long c = 0; c < std::min(in, out); c++) conv1.w->value[(center * in + c) * out + c] += 1;
}

Var AirbenchStage::operator()(const Var& x, Mode mode) const {
  const Var a = norm_relu(bn1, max_pool2d(conv1(x), {}), mode);
  return ResidualEnd({{conv2, bn2}}, se ? &*se : nullptr, a)(a, mode);
}

Airbench::Airbench(const AirbenchDesign& design, long classes, Rng& rng)
    : whiten_weight(buffer("whiten.weight", he_normal({2, 2, 3, filters}, 4 * filters, rng))),
      whiten_bias(bias("whiten.bias", zeros({filters}))),
      stages(make_stages(design, rng)),
      logit_scale(design.logit_scale),
      fc(own("fc", Linear(4 * design.width, classes, rng, Bias::none))) {}

std::vector<AirbenchStage> Airbench::make_stages(const AirbenchDesign& design, Rng& rng) {
  std::vector<AirbenchStage> all;
  long in = filters;
  for (const long stage : {2, 3, 4}) {
    const long out = design.width * (stage == 2 ? 1 : 4);
    all.push_back(
        own(text("layer", stage - 1), AirbenchStage(in, out, se_in_stage(design.se, stage), rng)));
    in = out;
  }
  return all;
}

// For 32x32 pixels: 31x31 after the whitening, then 15x15, 7x7 and 3x3.
Var Airbench::operator()(const Var& x, Mode mode) const {
  require_network_input("airbench", x, min_image_size());
  Var u = in_layer(whiten_bias, [&] {
    return relu(add_bias(conv2d(x, whiten_weight, with_algorithm_in_use({})), whiten_bias));
  });
  for (const AirbenchStage& stage : stages) u = stage(u, mode);
  return scale(fc(global_max_pool(u)), logit_scale);
}

}  // namespace excite
