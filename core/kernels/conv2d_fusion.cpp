#include "core/kernels/conv2d_fusion.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/kernels/simd.h"
#include "core/parallel.h"

namespace excite {

// A vector more than there are channels, as those of a last group may begin anywhere.
BiasClamp::BiasClamp(long k)
    : bias(k + lanes, real(0)), floor(-std::numeric_limits<real>::infinity()) {}
BiasClamp::BiasClamp(const Tensor& b, real lowest)
    : bias(b.size() + lanes, real(0)), floor(lowest) {
  std::copy(b.begin(), b.end(), bias.begin());
}

namespace {
constexpr long numbers_a_line = 64 / static_cast<long>(sizeof(real));
}

RunSums::RunSums(const Shape& shape, long most)
    : images(shape[0]),
      pixels(shape[1] * shape[2]),
      pixels_a_run(most),
      channels(shape[3]),
      row_((channels + numbers_a_line - 1) / numbers_a_line * numbers_a_line),
      numbers_(images * runs() * each * row_) {}

long RunSums::pixels_of(long run) const {
  return std::min(pixels_a_run, pixels - run % runs() * pixels_a_run);
}

// The sums of a run are counted from its own first number s: of m pixels, the mean is s + sum / m,
// and the sum of squares around it is squares - sum^2 / m. Runs with means of their own make up a
// whole by  M2 = sum over runs of  M2_run + m (mean_run - mean)^2.  All this in double.
ImageMoments moments_of(const RunSums& sums) {
  const long channels = sums.channels, n = sums.images, runs = sums.runs();
  const auto numbers = static_cast<std::size_t>(n * channels);
  std::vector<double> mean(numbers), squares(numbers);  // of each image
  parallel_for(n, [&](long image) {
    double* image_mean = mean.data() + image * channels;
    double* image_squares = squares.data() + image * channels;
    const long first = image * runs;
    const auto mean_of_run = [&](long run, long c) {
      const auto m = static_cast<double>(sums.pixels_of(run)),
                 sum = static_cast<double>(sums.at(run, RunSums::first)[c]);
      return static_cast<double>(sums.at(run, RunSums::origin)[c]) + sum / m;
    };
    for (long run = first; run < first + runs; run++) {
      const double share =
          static_cast<double>(sums.pixels_of(run)) / static_cast<double>(sums.pixels);
      for (long c = 0; c < channels; c++) image_mean[c] += share * mean_of_run(run, c);
    }
    for (long run = first; run < first + runs; run++) {
      const auto m = static_cast<double>(sums.pixels_of(run));
      for (long c = 0; c < channels; c++) {
        const double sum = static_cast<double>(sums.at(run, RunSums::first)[c]),
                     offset = mean_of_run(run, c) - image_mean[c];
        image_squares[c] += static_cast<double>(sums.at(run, RunSums::second)[c]) - sum * sum / m +
                            m * offset * offset;
      }
    }
  });
  ImageMoments moments{ChannelMoments(channels), Tensor({n, channels})};
  std::copy(mean.begin(), mean.end(), moments.mean.begin());
  std::vector<double> all(channels), all_squares(all);
  for (long i = 0; i < n * channels; i++) all[i % channels] += mean[i];
  for (double& m : all) m /= static_cast<double>(n);
  for (long image = 0; image < n; image++)
    for (long c = 0; c < channels; c++) {
      const auto i = static_cast<std::size_t>(image * channels + c);
      const double offset = mean[i] - all[c];
      all_squares[c] += squares[i] + static_cast<double>(sums.pixels) * offset * offset;
    }
  for (long c = 0; c < channels; c++)
    moments.all.set(c, all[c], all_squares[c] / static_cast<double>(n * sums.pixels));
  return moments;
}

ImageSums sums_of(const RunSums& sums) {
  const long channels = sums.channels, runs = sums.runs();
  ImageSums two{Tensor({sums.images, channels}), Tensor({sums.images, channels})};
  parallel_for(sums.images, [&](long image) {
    for (const auto& [which, to] : {std::pair{RunSums::first, &two.d}, {RunSums::second, &two.d_u}})
      for (long c = 0; c < channels; c++) {
        double sum = 0;
        for (long run = image * runs; run < (image + 1) * runs; run++)
          sum += static_cast<double>(sums.at(run, which)[c]);
        (*to)[image * channels + c] = static_cast<real>(sum);
      }
  });
  return two;
}

}  // namespace excite
