#include "core/kernels/fused.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/simd.h"
#include "core/parallel.h"
#include "core/shared_batch.h"
#include "core/tree_sum.h"

namespace excite {

namespace {

// Pixels that are summed in real before the sum is added to one in double.
constexpr long pixels_per_sum = 32;

// A coefficient per channel, [C], or per image and channel, [N, C].
class Coefficient {
 public:
  Coefficient(const Tensor& t, const Tensor& u)
      : first_(t.data()), step_(t.shape().rank() == 2 ? t.dim(1) : 0) {
    require(t.shape() == Shape{u.dim(3)} || t.shape() == Shape{u.dim(0), u.dim(3)},
            "fused: a coefficient has shape ", t.shape(), " for images ", u.shape(),
            ", expected [C] or [N, C]");
  }
  template <class Count>
  Vec at(long image, long channel, Count count) const {
    return load(first_ + image * step_ + channel, count);
  }

 private:
  const real* first_;
  long step_;
};

void require_same(const Tensor& u, const Tensor& other) {
  require(u.shape() == other.shape(), "fused: shapes ", u.shape(), " and ", other.shape(),
          ", expected equal shapes");
}

Vec relu(const Vec& v) { return at_least(v, Vec{}); }

// Calls body(n, i, c, count) for every vector of u: its `count` numbers at index i belong to
// channels c, c + 1, ... of a pixel of image n.
template <class Body>
void for_vectors_of(const Tensor& u, const Body& body) {
  require_images("fused", u.shape());
  const long channels = u.dim(3), numbers = u.dim(1) * u.dim(2) * channels;
  parallel_for(u.dim(0), [&](long n) {
    for (long i = n * numbers; i < (n + 1) * numbers; i += channels)
      for_vectors(channels, [&](long c, auto count) { body(n, i + c, c, count); });
  });
}

struct Terms {
  Vec first, second;
};

// Two sums per image and channel, in double: [N, 2 C]. terms(n, i, c, count) gives the terms of one
// vector, with arguments as above. Four independent sums run at a time, because the result of an
// addition takes four times as long as the interval at which additions can start.
template <class Body>
std::vector<double> image_sums(const Tensor& u, const Body& terms) {
  require_images("fused", u.shape());
  constexpr long independent_sums = 4;
  const long channels = u.dim(3), pixels = u.dim(1) * u.dim(2);
  std::vector<double> sums(u.dim(0) * 2 * channels, 0.0);
  parallel_for(u.dim(0), [&](long n) {
    double* total = sums.data() + n * 2 * channels;
    for (long begin = n * pixels; begin < (n + 1) * pixels; begin += pixels_per_sum) {
      const long end = std::min(begin + pixels_per_sum, (n + 1) * pixels);
      for_vectors(channels, [&](long c, auto count) {
        Terms sum[independent_sums] = {};
        const auto add = [&](long p, long k) {
          const Terms more = terms(n, p * channels + c, c, count);
          sum[k].first += more.first;
          sum[k].second += more.second;
        };
        long p = begin;
        for (; p + independent_sums <= end; p += independent_sums)
#pragma GCC unroll 4
          for (long k = 0; k < independent_sums; k++) add(p + k, k);
        for (; p < end; p++) add(p, 0);
        const Vec first = sum[0].first + sum[1].first + (sum[2].first + sum[3].first);
        const Vec second = sum[0].second + sum[1].second + (sum[2].second + sum[3].second);
        for (long k = 0; k < count; k++) {
          total[c + k] += static_cast<double>(first[k]);
          total[channels + c + k] += static_cast<double>(second[k]);
        }
      });
    }
  });
  return sums;
}

ImageSums split_sums(const Tensor& u, const std::vector<double>& sums) {
  const long channels = u.dim(3);
  ImageSums split{Tensor({u.dim(0), channels}), Tensor({u.dim(0), channels})};
  const double* from = sums.data();
  for (long n = 0; n < u.dim(0); n++, from += 2 * channels)
    for (long c = 0; c < channels; c++) {
      split.d[n * channels + c] = static_cast<real>(from[c]);
      split.d_u[n * channels + c] = static_cast<real>(from[channels + c]);
    }
  return split;
}

}  // namespace

ChannelSums sum_over_images(const ImageSums& sums) {
  const long channels = sums.d.dim(1);
  const RowShards shards = row_shards(sums.d.shape(), 64);
  const std::vector<double> total = sum_of_shards(shards, sums.d.shape(), [&](long shard) {
    std::vector<double> sum(2 * channels);
    const long end = shards.end(shard);
    for (long n = shards.begin(shard); n < end; n++)
      for (long c = 0; c < channels; c++) {
        sum[c] += static_cast<double>(sums.d[n * channels + c]);
        sum[channels + c] += static_cast<double>(sums.d_u[n * channels + c]);
      }
    return sum;
  });
  ChannelSums of_batch{Tensor({channels}), Tensor({channels})};
  for (long c = 0; c < channels; c++) {
    of_batch.dy[c] = static_cast<real>(total[c]);
    of_batch.dy_x[c] = static_cast<real>(total[channels + c]);
  }
  return of_batch;
}

ImageMoments image_moments(const Tensor& u) {
  require_images("fused", u.shape());
  const long channels = u.dim(-1), rows = u.dim(1) * u.dim(2);
  const Tensor shift = moments_shift(u);
  std::vector<double> sums(u.dim(0) * 2 * channels, 0.0);
  parallel_for(u.dim(0), [&](long n) {
    add_shifted_sums(u, n * rows, (n + 1) * rows, shift, sums.data() + n * 2 * channels);
  });
  ImageMoments moments{ChannelMoments(channels), Tensor({u.dim(0), channels})};
  const double images = static_cast<double>(whole_batch(u.dim(0))),
               pixels = static_cast<double>(u.dim(1) * u.dim(2));
  const Shards shards(u.dim(0));
  const std::vector<double> total = tree_sum(shards.own(), [&](long shard) {
    std::vector<double> of_shard(2 * channels);
    for (long n = shards.begin(shard); n < shards.end(shard); n++) {
      const double* of_image = sums.data() + n * 2 * channels;
      for (long c = 0; c < 2 * channels; c++) of_shard[c] += of_image[c];
      for (long c = 0; c < channels; c++)
        moments.mean[n * channels + c] =
            static_cast<real>(static_cast<double>(shift[c]) + of_image[c] / pixels);
    }
    return of_shard;
  });
  for (long c = 0; c < channels; c++) {
    const double mean = total[c] / (images * pixels);
    moments.all.set(c, static_cast<double>(shift[c]) + mean,
                    total[channels + c] / (images * pixels) - mean * mean);
  }
  return moments;
}

Tensor affine_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b) {
  Tensor y(u.shape());
  const Coefficient factor(a, u), offset(b, u);
  for_vectors_of(u, [&](long n, long i, long c, auto count) {
    store(y.data() + i,
          relu(factor.at(n, c, count) * (load(u.data() + i, count) - load(mean.data() + c, count)) +
               offset.at(n, c, count)),
          count);
  });
  return y;
}

Tensor affine_add_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b,
                       const Tensor& shortcut) {
  require_same(u, shortcut);
  Tensor y(u.shape());
  const Coefficient factor(a, u), offset(b, u);
  for_vectors_of(u, [&](long n, long i, long c, auto count) {
    const Vec z =
        factor.at(n, c, count) * (load(u.data() + i, count) - load(mean.data() + c, count)) +
        offset.at(n, c, count);
    store(y.data() + i, relu(z + load(shortcut.data() + i, count)), count);
  });
  return y;
}

ImageSums relu_sums(Tensor& dy, const Tensor& y, const Tensor& u, const Tensor& mean) {
  require_same(u, dy);
  require_same(u, y);
  return split_sums(
      u, image_sums(u, [&](long, long i, long c, auto count) {
        const Vec d = relu_gradient(load(dy.data() + i, count), load(y.data() + i, count));
        store(dy.data() + i, d, count);
        return Terms{d, d * (load(u.data() + i, count) - load(mean.data() + c, count))};
      }));
}

ImageSums affine_relu_sums(const Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a,
                           const Tensor& b) {
  require_same(u, dy);
  const Coefficient factor(a, u), offset(b, u);
  return split_sums(u, image_sums(u, [&](long n, long i, long c, auto count) {
                      const Vec centered = load(u.data() + i, count) - load(mean.data() + c, count);
                      const Vec d =
                          relu_gradient(load(dy.data() + i, count),
                                        factor.at(n, c, count) * centered + offset.at(n, c, count));
                      return Terms{d, d * centered};
                    }));
}

Tensor affine_dx(const Tensor& d, const Tensor& u, const Tensor& mean, const Tensor& a,
                 const Tensor& slope, const Tensor& shift) {
  require_same(u, d);
  Tensor du(u.shape());
  const Coefficient factor(a, u), slope_of(slope, u), constant(shift, u);
  for_vectors_of(u, [&](long n, long i, long c, auto count) {
    const Vec centered = load(u.data() + i, count) - load(mean.data() + c, count);
    store(du.data() + i,
          factor.at(n, c, count) * load(d.data() + i, count) + slope_of.at(n, c, count) * centered +
              constant.at(n, c, count),
          count);
  });
  return du;
}

void affine_relu_dx(Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a,
                    const Tensor& b, const Tensor& slope, const Tensor& shift) {
  require_same(u, dy);
  const Coefficient factor(a, u), offset(b, u), slope_of(slope, u), constant(shift, u);
  for_vectors_of(u, [&](long n, long i, long c, auto count) {
    const Vec centered = load(u.data() + i, count) - load(mean.data() + c, count),
              scale = factor.at(n, c, count);
    const Vec d =
        relu_gradient(load(dy.data() + i, count), scale * centered + offset.at(n, c, count));
    store(dy.data() + i, scale * d + slope_of.at(n, c, count) * centered + constant.at(n, c, count),
          count);
  });
}

}  // namespace excite
