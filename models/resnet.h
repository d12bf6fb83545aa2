// Residual networks as tables. For 224x224 images: ResNet (He et al., arXiv 1512.03385, table 1),
// ResNeXt (Xie et al., arXiv 1611.05431, table 1) and SENet-154 (Hu et al., arXiv 1709.01507,
// appendix).
#pragma once
#include "models/cifar_resnet.h"
#include "models/residual.h"

namespace excite {

// A row of the table of these networks.
struct ResnetSpec {
  std::string name;
  enum class Kind { basic, bottleneck, resnext, senet } kind;
  std::vector<long> blocks;  // of stages 2 to 5
  long groups = 1;           // each has 4 channels in stage 2, and twice as many in each next stage
  long planes = 64;          // channels p of stage 2; they double with each stage
};
const std::vector<ResnetSpec>& resnet_table();           // all rows but small variants
const ResnetSpec& find_resnet(const std::string& name);  // in the table, or a small variant

// Details in which implementations differ. The defaults are the paper's.
struct ResnetOptions {
  // The convolution of a bottleneck that has the stride.
  enum class StrideOn { conv1x1, conv3x3 } stride_on = StrideOn::conv1x1;
  // conv3x3: one convolution of stride 1 without a pool, for small images.
  enum class Stem { paper, conv3x3 } stem = Stem::paper;
  // ceil: without padding, the last window is cut off at the border. floor: one pixel of padding.
  enum class StemPool { ceil, floor } stem_pool = StemPool::ceil;
  std::optional<double> dropout = {};  // default: 0.2 for SENet-154, else 0
  std::optional<SeOptions> se = {};
};
// The table of the whole network.
ResidualDesign resnet(const ResnetSpec& row, const ResnetOptions& options);

// The networks of models/cifar_resnet.h as a table: without squeeze-and-excitation, or with it at
// any place and in any stages. UsageError for a depth that is not 6 n + 2.
ResidualDesign cifar_resnet(long depth, Shortcut shortcut, const std::optional<SeOptions>& se);

}  // namespace excite
