// Residual networks for images of 224x224: ResNet (He et al., arXiv 1512.03385, table 1), ResNeXt
// (Xie et al., arXiv 1611.05431, table 1) and SENet-154 (Hu et al., arXiv 1709.01507, appendix).
#pragma once
#include "models/residual.h"

namespace excite {

// A row of the table of all of them.
struct Resnet {
  std::string name;
  enum class Kind { basic, bottleneck, resnext, senet } kind;
  std::vector<long> blocks;  // in stages 2 to 5
  long groups = 1;           // of 4 channels in stage 2, 8 in stage 3, ...
  long planes = 64;          // what is called p below, in stage 2; it doubles with each stage
};
const std::vector<Resnet>& resnets();
const Resnet& find_resnet(
    const std::string& name);  // also of small ones of each kind, for gradient checks

// What implementations do differently; as it is here, it is the paper's.
struct ResnetOptions {
  enum class StrideOn { conv1x1, conv3x3 } stride_on = StrideOn::conv1x1;  // of a bottleneck
  enum class Stem {
    of_paper,
    conv3x3
  } stem = Stem::of_paper;  // conv3x3: at stride 1 and without a pool, for small images
  enum class StemPool {
    ceil,
    floor
  } stem_pool = StemPool::ceil;        // without padding, or with one pixel of it
  std::optional<double> dropout = {};  // where nothing is said none, of SENet-154 0.2
  std::optional<SeOptions> se = {};
};
ResidualDesign resnet(const Resnet& row, const ResnetOptions& options);

}  // namespace excite
