#include "models/resnet.h"

#include "core/check.h"

namespace excite {

namespace {

using enum ResnetSpec::Kind;

// The convolutions of a block in a stage of p channels: {kernel, channels, stride, groups}. A
// ResNeXt block is a bottleneck whose 3x3 convolution has groups and a width w. In SENet-154 the
// first convolution has w / 2 channels.
std::vector<BranchConv> branch(const ResnetSpec& row, long p, long stride,
                               ResnetOptions::StrideOn stride_on) {
  const long w = row.groups * 4 * p / row.planes,
             on_1x1 = stride_on == ResnetOptions::StrideOn::conv1x1 ? stride : 1;
  switch (row.kind) {
    case basic: return {{3, p, stride}, {3, p}};
    case bottleneck: return {{1, p, on_1x1}, {3, p, stride / on_1x1}, {1, 4 * p}};
    case resnext: return {{1, w}, {3, w, stride, row.groups}, {1, 4 * p}};
    case senet: break;
  }
  return {{1, w / 2}, {3, w, stride, row.groups}, {1, 4 * p}};
}

const std::vector<ResnetSpec> small_variants{{"small_resnet", basic, {1, 1, 1, 1}, 1, 4},
                                             {"small_bottleneck", bottleneck, {1, 1, 1, 1}, 1, 4},
                                             {"small_resnext", resnext, {1, 1, 1, 1}, 2, 4},
                                             {"small_senet", senet, {1, 1, 1, 1}, 2, 4}};

}  // namespace

const std::vector<ResnetSpec>& resnet_table() {
  static const std::vector<ResnetSpec> table{
      {"resnet18", basic, {2, 2, 2, 2}},
      {"resnet34", basic, {3, 4, 6, 3}},
      {"resnet50", bottleneck, {3, 4, 6, 3}},
      {"resnet101", bottleneck, {3, 4, 23, 3}},
      {"resnet152", bottleneck, {3, 8, 36, 3}},
      {"resnext50_32x4d", resnext, {3, 4, 6, 3}, 32},
      {"resnext101_32x4d", resnext, {3, 4, 23, 3}, 32},
      {"resnext101_64x4d", resnext, {3, 4, 23, 3}, 64},
      {"resnext152_32x4d", resnext, {3, 8, 36, 3}, 32},
      {"resnext152_64x4d", resnext, {3, 8, 36, 3}, 64},
      {"senet154", senet, {3, 8, 36, 3}, 64},
  };
  return table;
}

const ResnetSpec& find_resnet(const std::string& name) {
  for (const auto* rows : {&resnet_table(), &small_variants})
    for (const ResnetSpec& row : *rows)
      if (row.name == name) return row;
  throw UsageError(text("there is no residual network '", name, "'"));
}

ResidualDesign resnet(const ResnetSpec& row, const ResnetOptions& options) {
  const long p = row.planes;
  ResidualDesign design{.name = row.name,
                        .stem = {{7, p, 2}},
                        .pool = Pool2dOptions{.kernel = 3, .stride = 2, .ceil = true},
                        .se = options.se};
  design.dropout = options.dropout.value_or(row.kind == senet ? 0.2 : 0);
  if (row.kind == senet)
    design.stem = {{3, p, 2}, {3, p}, {3, 2 * p}}, design.shortcut = Shortcut::B3;
  if (options.stem_pool == ResnetOptions::StemPool::floor)
    design.pool = Pool2dOptions{.kernel = 3, .stride = 2, .pad = 1};
  if (options.stem == ResnetOptions::Stem::conv3x3) design.stem = {{3, p}}, design.pool.reset();
  for (std::size_t i = 0; i < row.blocks.size(); i++)
    design.stages.push_back(
        {row.blocks[i], branch(row, p << i, i == 0 ? 1 : 2, options.stride_on)});
  return design;
}

ResidualDesign cifar_resnet(long depth, Shortcut shortcut, const std::optional<SeOptions>& se) {
  const long n = cifar_blocks_per_stage(depth);
  return {.name = text(se ? "se_resnet" : "resnet", depth),
          .stem = {{3, 16}},
          .stages = {{n, {{3, 16}, {3, 16}}},      // 32x32
                     {n, {{3, 32, 2}, {3, 32}}},   // 16x16
                     {n, {{3, 64, 2}, {3, 64}}}},  // 8x8
          .shortcut = shortcut,
          .se = se};
}

}  // namespace excite
