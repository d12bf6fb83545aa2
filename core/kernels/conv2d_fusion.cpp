#include "core/kernels/conv2d_fusion.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/kernels/simd.h"
#include "core/parallel.h"

namespace excite {

// A vector more than there are channels, as those of a last group may begin anywhere.
Finish::Finish(long k) : bias(static_cast<std::size_t>(k + lanes), real(0)), floor(-std::numeric_limits<real>::infinity()) {}
Finish::Finish(const Tensor& b, real lowest) : bias(static_cast<std::size_t>(b.size() + lanes), real(0)), floor(lowest) {
  std::copy(b.begin(), b.end(), bias.begin());
}

namespace {
constexpr long numbers_a_line = 64 / static_cast<long>(sizeof(real));
}

RunSums::RunSums(const Shape& shape, long most)
    : pictures(shape[0]),
      pixels(shape[1] * shape[2]),
      pixels_a_run(most),
      channels(shape[3]),
      row_((channels + numbers_a_line - 1) / numbers_a_line * numbers_a_line),
      numbers_(pictures * runs() * each * row_) {}

long RunSums::pixels_of(long run) const { return std::min(pixels_a_run, pixels - run % runs() * pixels_a_run); }

// The sums of a run are counted from its own first number s: of m pixels, the mean is s + sum / m, and the sum of squares around it is squares -
// sum^2 / m. Runs with means of their own make up a whole by  M2 = sum over runs of  M2_run + m (mean_run - mean)^2.  All this in double.
PictureMoments moments_of(const RunSums& sums) {
  const long channels = sums.channels, n = sums.pictures, runs = sums.runs();
  const auto numbers = static_cast<std::size_t>(n * channels);
  std::vector<double> mean(numbers), squares(numbers);  // of each picture
  parallel_for(n, [&](long picture) {
    double* picture_mean = mean.data() + picture * channels;
    double* picture_squares = squares.data() + picture * channels;
    const long first = picture * runs;
    const auto mean_of_run = [&](long run, long c) {
      const auto m = static_cast<double>(sums.pixels_of(run)), sum = static_cast<double>(sums.at(run, RunSums::first)[c]);
      return static_cast<double>(sums.at(run, RunSums::origin)[c]) + sum / m;
    };
    for (long run = first; run < first + runs; run++) {
      const double share = static_cast<double>(sums.pixels_of(run)) / static_cast<double>(sums.pixels);
      for (long c = 0; c < channels; c++) picture_mean[c] += share * mean_of_run(run, c);
    }
    for (long run = first; run < first + runs; run++) {
      const auto m = static_cast<double>(sums.pixels_of(run));
      for (long c = 0; c < channels; c++) {
        const double sum = static_cast<double>(sums.at(run, RunSums::first)[c]), apart = mean_of_run(run, c) - picture_mean[c];
        picture_squares[c] += static_cast<double>(sums.at(run, RunSums::second)[c]) - sum * sum / m + m * apart * apart;
      }
    }
  });
  PictureMoments moments{{Tensor({channels}), Tensor({channels})}, Tensor({n, channels})};
  std::copy(mean.begin(), mean.end(), moments.mean.begin());
  std::vector<double> all(static_cast<std::size_t>(channels)), all_squares(all);
  for (long i = 0; i < n * channels; i++) all[static_cast<std::size_t>(i % channels)] += mean[static_cast<std::size_t>(i)];
  for (double& m : all) m /= static_cast<double>(n);
  for (long picture = 0; picture < n; picture++)
    for (long c = 0; c < channels; c++) {
      const auto i = static_cast<std::size_t>(picture * channels + c);
      const double apart = mean[i] - all[static_cast<std::size_t>(c)];
      all_squares[static_cast<std::size_t>(c)] += squares[i] + static_cast<double>(sums.pixels) * apart * apart;
    }
  for (long c = 0; c < channels; c++) {
    moments.all.mean[c] = static_cast<real>(all[static_cast<std::size_t>(c)]);
    moments.all.var[c] = static_cast<real>(std::max(0.0, all_squares[static_cast<std::size_t>(c)] / static_cast<double>(n * sums.pixels)));
  }
  return moments;
}

PictureSums sums_of(const RunSums& sums) {
  const long channels = sums.channels, runs = sums.runs();
  PictureSums two{Tensor({sums.pictures, channels}), Tensor({sums.pictures, channels})};
  parallel_for(sums.pictures, [&](long picture) {
    for (const auto& [which, to] : {std::pair{RunSums::first, &two.d}, {RunSums::second, &two.d_u}})
      for (long c = 0; c < channels; c++) {
        double sum = 0;
        for (long run = picture * runs; run < (picture + 1) * runs; run++) sum += static_cast<double>(sums.at(run, which)[c]);
        (*to)[picture * channels + c] = static_cast<real>(sum);
      }
  });
  return two;
}

}  // namespace excite
