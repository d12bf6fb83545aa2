// Networks for 32x32 images other than ResNet: pre-activation and wide ResNets, Shake-Shake and
// Shake-Even, and the one of airbench.
#include "models/zoo/airbench.h"
#include "models/zoo/families.h"
#include "models/zoo/model_factory.h"
#include "models/zoo/preact.h"
#include "models/zoo/shake_shake.h"

namespace excite {

namespace {

const std::string stages = "2,3,4";

Model make_preact(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  PreactDesign design =
      find_design(base_name(name), {preact_resnet110(), preact_resnet164(), wrn_16_8(),
                                    small_preact(), small_preact_bottleneck()});
  design.shortcut =
      choice<Shortcut>(settings, "shortcut", {{"A", Shortcut::A}, {"B", Shortcut::B}});
  if (settings.contains("stride_on")) {
    using Change = PreactDesign (*)(PreactDesign);
    design = choice<Change>(
        settings, "stride_on",
        {{"1x1", [](PreactDesign d) { return d; }}, {"3x3", with_stride_on_3x3}})(design);
  }
  if (has_se(name)) design.se = se_options(settings, stages);
  return wrap_network(name, settings, classes, 32, PreactNetwork(design, classes, rng));
}

Model make_shake(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  using O = ShakeOptions;
  ShakeDesign design =
      find_design(base_name(name), {shake_shake_26(32), shake_shake_26(96), shake_even_29_2x4x64d(),
                                    small_shake(), small_shake_bottleneck()});
  design.shake = {choice<O::Forward>(settings, "forward",
                                     {{"shake", O::Forward::shake}, {"even", O::Forward::even}}),
                  choice<O::Backward>(settings, "backward",
                                      {{"shake", O::Backward::shake},
                                       {"even", O::Backward::even},
                                       {"keep", O::Backward::keep}})};
  if (has_se(name)) design.se = se_options(settings, stages);
  return wrap_network(name, settings, classes, 32, ShakeNetwork(design, classes, rng));
}

Model make_airbench(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  AirbenchDesign design;
  const bool small = name.ends_with("small_airbench");
  design.width = small ? 4 : positive_integer("width", settings.at("width"));
  if (small) design.logit_scale = 1;
  if (has_se(name)) design.se = se_options(settings, stages);
  return wrap_network(name, settings, classes, 32, Airbench(design, classes, rng));
}

// Adds a network and its variant with squeeze-and-excitation.
void add_pair(std::vector<ModelEntry>& list, const std::string& name, const std::string& about,
              const Settings& settings, const std::string& small,
              Model (*make)(const std::string&, const Settings&, long, Rng&)) {
  list.push_back({name, about + " for 32x32 images", settings, small, make});
  list.push_back({"se_" + name, se_variant_about, residual_se_defaults(settings, stages),
                  "se_" + small, make});
}

}  // namespace

void add_preact_resnets(std::vector<ModelEntry>& list) {
  add_pair(list, "preact_resnet110", "pre-activation ResNet of 110 layers", {{"shortcut", "B"}},
           "small_preact", make_preact);
  add_pair(list, "preact_resnet164", "pre-activation ResNet of 164 layers with bottlenecks",
           {{"shortcut", "B"}, {"stride_on", "1x1"}}, "small_preact_bottleneck", make_preact);
  add_pair(list, "wrn_16_8", "wide ResNet of 16 layers and width 8", {{"shortcut", "B"}},
           "small_preact", make_preact);
}

void add_shake_shakes(std::vector<ModelEntry>& list) {
  const Settings shake{{"forward", "shake"}, {"backward", "shake"}},
      even{{"forward", "shake"}, {"backward", "even"}};
  for (const char* width : {"32", "96"})
    add_pair(list, text("shake_shake_26_2x", width, "d"),
             text("Shake-Shake of 26 layers, two branches of ", width, " channels"), shake,
             "small_shake", make_shake);
  add_pair(list, "shake_even_29_2x4x64d",
           "Shake-Even of 29 layers, two ResNeXt branches of 4 groups", even,
           "small_shake_bottleneck", make_shake);
}

void add_airbench(std::vector<ModelEntry>& list) {
  const Settings width{{"width", "48"}};
  list.push_back({"airbench", "network of airbench for 32x32 images, which learns in few epochs",
                  width, "small_airbench", make_airbench});
  list.push_back({"se_airbench", se_variant_about, merged(width, se_defaults(stages)),
                  "se_small_airbench", make_airbench});
}

}  // namespace excite
