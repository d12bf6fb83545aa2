#include "models/zoo/shufflenet.h"

#include "models/network.h"

namespace excite {

ShufflenetDesign shufflenet() {
  return {.name = "shufflenet",
          .stem = 24,
          .stages = {{4, {{3, 240, 2}}}, {8, {{3, 480, 2}}}, {4, {{3, 960, 2}}}}};
}
ShufflenetDesign small_shufflenet() {
  return {.name = "small_shufflenet", .stem = 6, .stages = {{2, {{3, 24, 2}}}, {1, {{3, 48, 2}}}}};
}

namespace {
const Pool2dOptions halving{.kernel = 3, .stride = 2, .pad = 1};
// The channels of the branch: where the image is halved, only those that the shortcut beside it
// does not have.
long made(long in, const BranchConv& c) { return c.stride > 1 ? c.out - in : c.out; }
}  // namespace

// The hidden width is a quarter of the unit's.
ShuffleUnit::ShuffleUnit(long in, const BranchConv& c, long count, long first_groups,
                         const std::optional<SeOptions>& with, Rng& rng)
    : groups(count),
      stride(c.stride),
      reduce{own("conv1", same_size(in, {1, c.out / 4, 1, first_groups}, rng)),
             own("bn1", BatchNorm2d(c.out / 4))},
      depthwise{own("conv2", same_size(c.out / 4, {c.kernel, c.out / 4, c.stride, c.out / 4}, rng)),
                own("bn2", BatchNorm2d(c.out / 4))},
      expand{own("conv3", same_size(c.out / 4, {1, made(in, c), 1, count}, rng)),
             own("bn3", BatchNorm2d(made(in, c)))} {
  if (!with) return;
  const long width = in_branch(with->place) ? channels_at(with->place, in, c.out / 4, made(in, c))
                     : with->place == Placement::post ? c.out
                                                      : in;
  se = PlacedSe{own("se", SqueezeExcite(width, *with, rng)), with->place};
}

Var ShuffleUnit::operator()(const Var& x, Mode mode) const {
  Var u = conv_norm_relu(reduce, se_at(Placement::pre, se, x), mode);
  u = se_at(Placement::inside, se, conv_norm(depthwise, channel_shuffle(u, groups), mode));
  const Var shortcut = se_at(Placement::identity, se, stride > 1 ? avg_pool2d(x, halving) : x);
  if (stride > 1) {
    const Var branch = relu(se_at(Placement::standard, se, conv_norm(expand, u, mode)));
    return se_at(Placement::post, se, concat_channels({shortcut, branch}));
  }
  if (se && se->place == Placement::standard)
    return chain_excite_add_relu({&expand, 1}, se->block, u, shortcut, mode);
  return se_at(Placement::post, se, chain_add_relu({&expand, 1}, u, shortcut, mode));
}

Shufflenet::Shufflenet(const ShufflenetDesign& table, long classes, Rng& rng)
    : design(table),
      stem{own("conv1", Conv2d(3, table.stem, 3, rng, {.stride = 2, .pad = 1})),
           own("bn1", BatchNorm2d(table.stem))},
      units(make_units(rng)),
      fc(own("fc", Linear(table.stages.back().branch.back().out, classes, rng))) {}

std::vector<ShuffleUnit> Shufflenet::make_units(Rng& rng) {
  std::vector<ShuffleUnit> all;
  each_block(design.stages, design.stem,
             [&](long stage, long unit, long in, const std::vector<BranchConv>& row) {
               const long first_groups =
                   all.empty() ? 1 : design.groups;  // the stem has too few channels to be divided
               all.push_back(own(text("stage", stage, ".", unit),
                                 ShuffleUnit(in, row[0], design.groups, first_groups,
                                             se_in_stage(design.se, stage), rng)));
             });
  return all;
}

Var Shufflenet::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x);
  Var u = max_pool2d(conv_norm_relu(stem, x, mode), halving);
  for (const ShuffleUnit& unit : units) u = unit(u, mode);
  return fc(global_avg_pool(u));
}

}  // namespace excite
