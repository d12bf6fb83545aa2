#include "core/kernels/conv2d_fusion.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/kernels/simd.h"
#include "core/parallel.h"
#include "core/shared_batch.h"
#include "core/tree_sum.h"

namespace excite {

// One vector longer than the channels: a full vector may be loaded at any channel.
BiasClamp::BiasClamp(long k)
    : bias(k + lanes, real(0)), floor(-std::numeric_limits<real>::infinity()) {}
BiasClamp::BiasClamp(const Tensor& b, real lowest)
    : bias(b.size() + lanes, real(0)), floor(lowest) {
  std::copy(b.begin(), b.end(), bias.begin());
}

namespace {
constexpr long numbers_per_cache_line = 64 / static_cast<long>(sizeof(real));
}

RunSums::RunSums(const Shape& shape, long rows_per_run, long cols_per_run)
    : images(shape[0]),
      pixels(shape[1] * shape[2]),
      channels(shape[3]),
      rows_(shape[1]),
      cols_(shape[2]),
      rows_per_run_(rows_per_run),
      cols_per_run_(cols_per_run),
      down_((rows_ + rows_per_run - 1) / rows_per_run),
      across_((cols_ + cols_per_run - 1) / cols_per_run),
      row_((channels + numbers_per_cache_line - 1) / numbers_per_cache_line *
           numbers_per_cache_line),
      numbers_(images * runs() * slots * row_) {}

long RunSums::pixels_of(long run) const {
  const long first_row = run % runs() / across_ * rows_per_run_,
             first_col = run % across_ * cols_per_run_;
  return std::min(rows_per_run_, rows_ - first_row) * std::min(cols_per_run_, cols_ - first_col);
}

namespace {
// The sum of term(n * channels + c, c) over all images n, in the tree over the shards: [channels].
template <class Term>
std::vector<double> sum_over_images(long images, long channels, const Term& term) {
  const Shards shards(images);
  return tree_sum(shards.own(), [&](long shard) {
    std::vector<double> sum(channels);
    for (long n = shards.begin(shard); n < shards.end(shard); n++)
      for (long c = 0; c < channels; c++)
        sum[c] += term(static_cast<std::size_t>(n * channels + c), c);
    return sum;
  });
}
}  // namespace

// A run of m pixels has sums of (y - s) and (y - s)^2, where s is its origin. Then its
//   mean_run = s + sum / m        M2_run = squares - sum^2 / m
// where M2 is the sum of squares around the mean. The M2 of an image, and likewise of the batch, is
//   M2 = sum over runs of  M2_run + m (mean_run - mean)^2
// All of this is computed in double.
ImageMoments moments_of(const RunSums& sums) {
  const long channels = sums.channels, n = sums.images, runs = sums.runs();
  const auto numbers = static_cast<std::size_t>(n * channels);
  std::vector<double> mean(numbers), m2(numbers);  // per image: mean and M2
  parallel_for(n, [&](long image) {
    double* image_mean = mean.data() + image * channels;
    double* image_m2 = m2.data() + image * channels;
    const long first = image * runs;
    const auto mean_of_run = [&](long run, long c) {
      const auto m = static_cast<double>(sums.pixels_of(run)),
                 sum = static_cast<double>(sums.at(run, RunSums::first)[c]);
      return static_cast<double>(sums.at(run, RunSums::origin)[c]) + sum / m;
    };
    for (long run = first; run < first + runs; run++) {
      const double weight =
          static_cast<double>(sums.pixels_of(run)) / static_cast<double>(sums.pixels);
      for (long c = 0; c < channels; c++) image_mean[c] += weight * mean_of_run(run, c);
    }
    for (long run = first; run < first + runs; run++) {
      const auto m = static_cast<double>(sums.pixels_of(run));
      for (long c = 0; c < channels; c++) {
        const double sum = static_cast<double>(sums.at(run, RunSums::first)[c]),
                     offset = mean_of_run(run, c) - image_mean[c];
        image_m2[c] += static_cast<double>(sums.at(run, RunSums::second)[c]) - sum * sum / m +
                       m * offset * offset;
      }
    }
  });
  ImageMoments moments{ChannelMoments(channels), Tensor({n, channels})};
  std::copy(mean.begin(), mean.end(), moments.mean.begin());
  std::vector<double> all =
      sum_over_images(n, channels, [&](std::size_t i, long) { return mean[i]; });
  const long images = whole_batch(n);
  for (double& m : all) m /= static_cast<double>(images);
  const std::vector<double> all_m2 = sum_over_images(n, channels, [&](std::size_t i, long c) {
    const double offset = mean[i] - all[c];
    return m2[i] + static_cast<double>(sums.pixels) * offset * offset;
  });
  for (long c = 0; c < channels; c++)
    moments.all.set(c, all[c], all_m2[c] / static_cast<double>(images * sums.pixels));
  return moments;
}

ImageSums sums_of(const RunSums& sums) {
  const long channels = sums.channels, runs = sums.runs();
  ImageSums result{Tensor({sums.images, channels}), Tensor({sums.images, channels})};
  parallel_for(sums.images, [&](long image) {
    for (const auto& [slot, to] :
         {std::pair{RunSums::first, &result.d}, {RunSums::second, &result.d_u}})
      for (long c = 0; c < channels; c++) {
        double sum = 0;
        for (long run = image * runs; run < (image + 1) * runs; run++)
          sum += static_cast<double>(sums.at(run, slot)[c]);
        (*to)[image * channels + c] = static_cast<real>(sum);
      }
  });
  return result;
}

}  // namespace excite
