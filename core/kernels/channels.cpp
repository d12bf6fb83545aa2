#include "core/kernels/channels.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {
constexpr long min_rows = 256;

Shape with_channels(const Shape& x, long channels) {
  std::vector<long> dims = x.dims();
  dims.back() = channels;
  return Shape(dims);
}

// The product of all dimensions but the first and the last.
long pixels_per_image(const Shape& x) { return x.rows() / std::max(1l, x[0]); }
}  // namespace

Tensor scale_channels(const Tensor& u, const Tensor& s) {
  const int rank = u.shape().rank();
  const bool per_image = rank == 4 && s.shape() == Shape{u.dim(0), u.dim(3)};
  require(per_image || (rank > 1 && s.shape() == Shape{u.dim(-1)}), "scale_channels: u has shape ",
          u.shape(), " and s ", s.shape(),
          ", expected [N, H, W, C] and [N, C], or [..., C] and [C]");
  Tensor y(u.shape());
  const long pixels = pixels_per_image(u.shape()), channels = u.dim(-1);
  parallel_for(u.dim(0), [&](long n) {
    const real* gate = s.data() + (per_image ? n * channels : 0);
    for (long p = n * pixels; p < (n + 1) * pixels; p++)
      for (long c = 0; c < channels; c++) y[p * channels + c] = gate[c] * u[p * channels + c];
  });
  return y;
}

Tensor scale_channels_ds(const Tensor& dy, const Tensor& u) {
  const long pixels = pixels_per_image(u.shape()), channels = u.dim(-1);
  Tensor ds({u.dim(0), channels});
  parallel_for(u.dim(0), [&](long n) {
    std::vector<double> total(channels);
    for (long p = n * pixels; p < (n + 1) * pixels; p++)
      for (long c = 0; c < channels; c++)
        total[c] += static_cast<double>(dy[p * channels + c] * u[p * channels + c]);
    for (long c = 0; c < channels; c++) ds[n * channels + c] = static_cast<real>(total[c]);
  });
  return ds;
}

Tensor concat_rows(const std::vector<const Tensor*>& parts) {
  require(!parts.empty(), "concat_channels: no tensors, expected at least one");
  long channels = 0;
  for (const Tensor* part : parts) {
    require(part->shape().rank() >= 1 &&
                with_channels(part->shape(), 1) == with_channels(parts[0]->shape(), 1),
            "concat_channels: shapes ", parts[0]->shape(), " and ", part->shape(),
            ", expected shapes that differ in the last dimension only");
    channels += part->dim(-1);
  }
  Tensor y(with_channels(parts[0]->shape(), channels));
  parallel_ranges(y.shape().rows(), min_rows, [&](long begin, long end) {
    for (long row = begin; row < end; row++) {
      real* to = y.data() + row * channels;
      for (const Tensor* part : parts)
        to = std::copy_n(part->data() + row * part->dim(-1), part->dim(-1), to);
    }
  });
  return y;
}

Tensor slice_rows(const Tensor& x, long first, long count) {
  require(x.shape().rank() > 0, "slice_channels: input has shape ", x.shape(),
          ", expected rank 1 to 4");
  require(first >= 0 && count >= 1 && first <= x.dim(-1) - count, "slice_channels: input ",
          x.shape(), " has ", x.dim(-1), " channels, asked for were ", count, " from channel ",
          first, " on; expected at least 1, and first + count at most ", x.dim(-1));
  Tensor y(with_channels(x.shape(), count));
  parallel_ranges(y.shape().rows(), min_rows, [&](long begin, long end) {
    for (long row = begin; row < end; row++)
      std::copy_n(x.data() + row * x.dim(-1) + first, count, y.data() + row * count);
  });
  return y;
}

Tensor pad_rows(const Tensor& x, long first, long channels) {
  Tensor y(with_channels(x.shape(), channels));
  parallel_ranges(y.shape().rows(), min_rows, [&](long begin, long end) {
    for (long row = begin; row < end; row++) {
      real* to = std::fill_n(y.data() + row * channels, first, real(0));
      to = std::copy_n(x.data() + row * x.dim(-1), x.dim(-1), to);
      std::fill_n(to, channels - first - x.dim(-1), real(0));
    }
  });
  return y;
}

Tensor shuffle_rows(const Tensor& x, long groups) {
  require(x.shape().rank() > 0, "channel_shuffle: input has shape ", x.shape(),
          ", expected rank 1 to 4");
  const long channels = x.dim(-1);
  require(groups > 0 && channels % groups == 0, "channel_shuffle: input ", x.shape(), " has ",
          channels, " channels, expected a multiple of ", groups, " groups");
  Tensor y(x.shape());
  const long channels_per_group = channels / groups;
  parallel_ranges(x.shape().rows(), min_rows, [&](long begin, long end) {
    for (long row = begin * channels; row < end * channels; row += channels)
      for (long g = 0; g < groups; g++)
        for (long i = 0; i < channels_per_group; i++)
          y[row + i * groups + g] = x[row + g * channels_per_group + i];
  });
  return y;
}

}  // namespace excite
