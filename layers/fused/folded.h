// Layers made ready for inference. In evaluation batch-norm is a fixed affine function a channel,
// and a convolution is linear, so the two are one convolution with other weights and a bias:
//   a (conv(x; w) - mean) + beta = conv(x; w a) + (beta - a mean)       with a = gamma / sqrt(var +
//   eps)
#pragma once
#include <map>
#include <mutex>
#include <utility>

#include "core/kernels/conv2d_prepacked.h"
#include "layers/batch_norm.h"
#include "layers/conv2d.h"

namespace excite {

struct ConvNorm {  // a convolution and its batch-norm
  Conv2d conv;
  BatchNorm2d bn;
};

PrepackedConv2d fold(const ConvNorm& c);

// Folds each pair once, when it is first asked for, and takes weights and statistics as they are
// then. Any number of threads may ask.
class FoldedLayers {
 public:
  const PrepackedConv2d& of(const ConvNorm& c);

 private:
  std::mutex mutex_;
  std::map<std::pair<const Node*, const Node*>, PrepackedConv2d>
      folded_;  // by the convolution's weight and batch-norm's gamma
};

}  // namespace excite
