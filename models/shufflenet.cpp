#include "models/shufflenet.h"

#include "models/network.h"

namespace excite {

ShufflenetDesign shufflenet() { return {.name = "shufflenet", .stem = 24, .stages = {{4, 240}, {8, 480}, {4, 960}}}; }
ShufflenetDesign small_shufflenet() { return {.name = "small_shufflenet", .stem = 6, .stages = {{2, 24}, {1, 48}}}; }

namespace {
const Pool2dOptions halving{.kernel = 3, .stride = 2, .pad = 1};
// The channels of the branch: where the picture is halved, only those that the shortcut beside it does not have.
long made(long in, long out, long stride) { return stride > 1 ? out - in : out; }
}  // namespace

// The hidden width is a quarter of the unit's.
ShuffleUnit::ShuffleUnit(long in, long out, long step, long count, long first_groups, const std::optional<SeOptions>& with, Rng& rng)
    : groups(count),
      stride(step),
      reduce{own("conv1", Conv2d(in, out / 4, 1, rng, {.groups = first_groups})), own("bn1", BatchNorm2d(out / 4))},
      depthwise{own("conv2", Conv2d(out / 4, out / 4, 3, rng, {.stride = step, .pad = 1, .groups = out / 4})), own("bn2", BatchNorm2d(out / 4))},
      expand{own("conv3", Conv2d(out / 4, made(in, out, step), 1, rng, {.groups = count})), own("bn3", BatchNorm2d(made(in, out, step)))} {
  if (!with) return;
  const bool in_branch = with->place != Placement::post && with->place != Placement::identity;
  const long width = in_branch ? channels_at(with->place, in, out / 4, made(in, out, step)) : with->place == Placement::post ? out : in;
  se = PlacedSe{own("se", SqueezeExcite(width, *with, rng)), with->place};
}

Var ShuffleUnit::operator()(const Var& x, Mode mode) const {
  Var u = conv_norm_relu(reduce, excited_at(Placement::pre, se, x), mode);
  u = excited_at(Placement::inside, se, conv_norm(depthwise, channel_shuffle(u, groups), mode));
  const Var shortcut = excited_at(Placement::identity, se, stride > 1 ? avg_pool2d(x, halving) : x);
  if (stride > 1) {
    const Var branch = relu(excited_at(Placement::standard, se, conv_norm(expand, u, mode)));
    return excited_at(Placement::post, se, concat_channels({shortcut, branch}));
  }
  if (se && se->place == Placement::standard) return conv_norm_excite_add_relu(expand, se->block, u, shortcut, mode);
  return excited_at(Placement::post, se, conv_norm_add_relu(expand, u, shortcut, mode));
}

Shufflenet::Shufflenet(const ShufflenetDesign& table, long classes, Rng& rng)
    : design(table),
      stem{own("conv1", Conv2d(3, table.stem, 3, rng, {.stride = 2, .pad = 1})), own("bn1", BatchNorm2d(table.stem))},
      units(make_units(rng)),
      fc(own("fc", Linear(table.stages.back().channels, classes, rng))) {}

std::vector<ShuffleUnit> Shufflenet::make_units(Rng& rng) {
  std::vector<ShuffleUnit> all;
  long in = design.stem, number = 2;
  for (const ShuffleStage& stage : design.stages) {
    const std::optional<SeOptions> se = se_in_stage(design.se, number);
    for (long unit = 0; unit < stage.units; unit++, in = stage.channels) {
      const long first_groups = all.empty() ? 1 : design.groups;  // the stem has too few channels to be divided
      all.push_back(own(text("stage", number, ".", unit), ShuffleUnit(in, stage.channels, unit == 0 ? 2 : 1, design.groups, first_groups, se, rng)));
    }
    number++;
  }
  return all;
}

Var Shufflenet::operator()(const Var& x, Mode mode) const {
  require_pictures(design.name, x);
  Var u = max_pool2d(conv_norm_relu(stem, x, mode), halving);
  for (const ShuffleUnit& unit : units) u = unit(u, mode);
  return fc(global_avg_pool(u));
}

}  // namespace excite
