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
const Pool2dOptions pool_stride2{.kernel = 3, .stride = 2, .pad = 1};
// The output channels of the branch. Where the image is halved, the shortcut has the other ones.
long branch_channels(long in, const BranchConv& c) { return c.stride > 1 ? c.out - in : c.out; }
}  // namespace

// The branch has a quarter of the output channels inside.
ShuffleUnit::ShuffleUnit(long in, const BranchConv& c, long count, long first_groups,
                         const std::optional<SeOptions>& se_options, Rng& rng)
    : groups(count),
      stride(c.stride),
      reduce{own("conv1", same_padding_conv(in, {1, c.out / 4, 1, first_groups}, rng)),
             own("bn1", BatchNorm2d(c.out / 4))},
      depthwise{own("conv2",
                    same_padding_conv(c.out / 4, {c.kernel, c.out / 4, c.stride, c.out / 4}, rng)),
                own("bn2", BatchNorm2d(c.out / 4))},
      expand{own("conv3", same_padding_conv(c.out / 4, {1, branch_channels(in, c), 1, count}, rng)),
             own("bn3", BatchNorm2d(branch_channels(in, c)))} {
  if (!se_options) return;
  const Placement place = se_options->place;
  const long width = in_branch(place) ? se_channels(place, in, c.out / 4, branch_channels(in, c))
                     : place == Placement::post ? c.out
                                                : in;
  se = PlacedSe{own("se", SqueezeExcite(width, *se_options, rng)), place};
}

Var ShuffleUnit::operator()(const Var& x, Mode mode) const {
  Var u = conv_norm_relu(reduce, apply_se_at(Placement::pre, se, x), mode);
  u = apply_se_at(Placement::inside, se, depthwise(channel_shuffle(u, groups), mode));
  const Var shortcut =
      apply_se_at(Placement::identity, se, stride > 1 ? avg_pool2d(x, pool_stride2) : x);
  if (stride > 1) {
    const Var branch = relu(apply_se_at(Placement::standard, se, expand(u, mode)));
    return apply_se_at(Placement::post, se, concat_channels({shortcut, branch}));
  }
  if (se && se->place == Placement::standard)
    return ResidualEnd({expand}, &se->block, shortcut)(u, mode);
  return apply_se_at(Placement::post, se, ResidualEnd({expand}, nullptr, shortcut)(u, mode));
}

Shufflenet::Shufflenet(const ShufflenetDesign& table, long classes, Rng& rng)
    : design(table),
      stem{own("conv1", Conv2d(3, table.stem, 3, rng, {.stride = 2, .pad = 1})),
           own("bn1", BatchNorm2d(table.stem))},
      units(make_units(rng)),
      fc(own("fc", Linear(table.stages.back().branch.back().out, classes, rng))) {}

std::vector<ShuffleUnit> Shufflenet::make_units(Rng& rng) {
  std::vector<ShuffleUnit> all;
  for_each_block(design.stages, design.stem,
                 [&](long stage, long unit, long in, const std::vector<BranchConv>& row) {
                   // The stem has too few channels for groups.
                   const long first_groups = all.empty() ? 1 : design.groups;
                   all.push_back(own(text("stage", stage, ".", unit),
                                     ShuffleUnit(in, row[0], design.groups, first_groups,
                                                 se_in_stage(design.se, stage), rng)));
                 });
  return all;
}

Var Shufflenet::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x);
  Var u = max_pool2d(conv_norm_relu(stem, x, mode), pool_stride2);
  for (const ShuffleUnit& unit : units) u = unit(u, mode);
  return fc(global_avg_pool(u));
}

}  // namespace excite
