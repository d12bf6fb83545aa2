#include "models/shortcut.h"

namespace excite {

Var subsample(const Var& x, long stride, long new_channels) {
  if (stride == 1 && !new_channels) return x;
  const Var y = avg_pool2d(x, {.kernel = 1, .stride = stride});
  const Shape& s = y.shape();
  return new_channels ? concat_channels({y, zeros({s[0], s[1], s[2], new_channels})}) : y;
}

// The names are PyTorch's: downsample.0 is the convolution, downsample.1 the batch norm.
ShortcutLayer::ShortcutLayer(long in, long out, long block_stride, Shortcut kind, Rng& rng)
    : stride(block_stride), new_channels(out - in) {
  if (kind == Shortcut::A || (stride == 1 && !new_channels)) return;
  const long kernel = kind == Shortcut::B3 && stride > 1 ? 3 : 1;
  projection =
      ConvNorm{own("0", Conv2d(in, out, kernel, rng, {.stride = stride, .pad = kernel / 2})),
               own("1", BatchNorm2d(out))};
}

}  // namespace excite
