// Layers prepared for inference. In evaluation, batch norm is a fixed affine function per channel,
// and a convolution is linear. Together they are one convolution with other weights and a bias:
//   a (conv(x; w) - mean) + beta = conv(x; w a) + (beta - a mean),    a = gamma / sqrt(var + eps)
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/kernels/conv2d_prepacked.h"
#include "layers/conv_bn.h"

namespace excite {

// With the weights and statistics of now.
PrepackedConv2d fold(const ConvNormView& c, Precision precision = Precision::full);

// Folds each pair when it is first used, with the weights and statistics of that moment, and keeps
// the result. Safe to call from several threads.
class FoldedLayers {
 public:
  explicit FoldedLayers(Precision precision = Precision::full) : precision_(precision) {}
  const PrepackedConv2d& of(const ConvNormView& c);
  // Whether all numbers that were folded are still the same, by their checksums.
  bool are_current() const;

 private:
  struct Layer {
    std::vector<Var> folded;  // the weights and statistics
    std::uint64_t checksum;   // of their numbers when they were folded
    PrepackedConv2d conv;
  };
  Precision precision_;
  mutable std::mutex mutex_;
  // The key: the convolution's weight and the batch norm's gamma.
  std::map<std::pair<const Node*, const Node*>, Layer> layers_;
};

}  // namespace excite
