#include "core/kernels/fused.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/kernels/simd.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long pixels_a_sum = 64;  // added up in real, before they go into a sum in double

// [C] or [N, C]
class Coefficient {
 public:
  Coefficient(const Tensor& t, const Tensor& u) : first_(t.data()), step_(t.shape().rank() == 2 ? t.dim(1) : 0) {
    require(t.shape() == Shape{u.dim(3)} || t.shape() == Shape{u.dim(0), u.dim(3)}, "fused: a coefficient of shape ", t.shape(), " for pictures ",
            u.shape(), ", expected one a channel, or one a picture and channel");
  }
  Vec at(long picture, long channel, long count) const { return load(first_ + picture * step_ + channel, count); }

 private:
  const real* first_;
  long step_;
};

void require_pictures(const Tensor& u) {
  require(u.shape().rank() == 4, "fused: input has shape ", u.shape(), ", expected [N, H, W, C]");
}
void require_same(const Tensor& u, const Tensor& other) {
  require(u.shape() == other.shape(), "fused: shapes ", u.shape(), " and ", other.shape(), " differ, expected equal ones");
}

Vec relu(const Vec& v) { return at_least(v, Vec{}); }
Vec where_positive(const Vec& condition, const Vec& v) { return condition > 0 ? v : Vec{}; }

// Calls body(n, i, c, count) for the numbers i, i + 1, ... of channels c, c + 1, ... of a pixel of picture n, a vector of them at a time.
template <class Body>
void for_numbers(const Tensor& u, const Body& body) {
  require_pictures(u);
  const long channels = u.dim(3), numbers = u.dim(1) * u.dim(2) * channels;
  parallel_for(u.dim(0), [&](long n) {
    for (long i = n * numbers; i < (n + 1) * numbers; i += channels)
      for_vectors(channels, [&](long c, long count) { body(n, i + c, c, count); });
  });
}

// Two sums of each picture and channel, in double: [N, 2 C]. add(n, i, first, second) adds the terms of pixel i to first[c] and second[c].
template <class Add>
std::vector<double> picture_sums(const Tensor& u, const Add& add) {
  require_pictures(u);
  const long channels = u.dim(3), pixels = u.dim(1) * u.dim(2);
  std::vector<double> sums(static_cast<std::size_t>(u.dim(0) * 2 * channels), 0.0);
  parallel_for(u.dim(0), [&](long n) {
    std::vector<real> some(static_cast<std::size_t>(2 * channels));
    double* total = sums.data() + n * 2 * channels;
    for (long begin = 0; begin < pixels; begin += pixels_a_sum) {
      std::fill(some.begin(), some.end(), real(0));
      for (long p = begin; p < std::min(begin + pixels_a_sum, pixels); p++) add(n, (n * pixels + p) * channels, some.data(), some.data() + channels);
      for (std::size_t c = 0; c < some.size(); c++) total[c] += static_cast<double>(some[c]);
    }
  });
  return sums;
}

PictureSums in_two(const Tensor& u, const std::vector<double>& sums) {
  const long channels = u.dim(3);
  PictureSums two{Tensor({u.dim(0), channels}), Tensor({u.dim(0), channels})};
  const double* from = sums.data();
  for (long n = 0; n < u.dim(0); n++, from += 2 * channels)
    for (long c = 0; c < channels; c++) {
      two.d[n * channels + c] = static_cast<real>(from[c]);
      two.d_u[n * channels + c] = static_cast<real>(from[channels + c]);
    }
  return two;
}

}  // namespace

// Counted from the channel's first number, as in channel_moments.
PictureMoments picture_moments(const Tensor& u) {
  const long channels = u.dim(-1);
  const real* shift = u.data();
  const std::vector<double> sums = picture_sums(u, [&](long, long i, real* s, real* q) {
    for_vectors(channels, [&](long c, long count) {
      const Vec d = load(u.data() + i + c, count) - load(shift + c, count);
      store(s + c, load(s + c, count) + d, count);
      store(q + c, load(q + c, count) + d * d, count);
    });
  });
  PictureMoments moments{{Tensor({channels}), Tensor({channels})}, Tensor({u.dim(0), channels})};
  const double pictures = static_cast<double>(u.dim(0)), pixels = static_cast<double>(u.dim(1) * u.dim(2));
  for (long c = 0; c < channels; c++) {
    double sum = 0, squares = 0;
    for (long n = 0; n < u.dim(0); n++) {
      const double* of_picture = sums.data() + n * 2 * channels;
      sum += of_picture[c];
      squares += of_picture[channels + c];
      moments.mean[n * channels + c] = static_cast<real>(static_cast<double>(shift[c]) + of_picture[c] / pixels);
    }
    const double mean = sum / (pictures * pixels);
    moments.all.mean[c] = static_cast<real>(static_cast<double>(shift[c]) + mean);
    moments.all.var[c] = static_cast<real>(std::max(0.0, squares / (pictures * pixels) - mean * mean));
  }
  return moments;
}

Tensor affine_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b) {
  Tensor y(u.shape());
  const Coefficient factor(a, u), offset(b, u);
  for_numbers(u, [&](long n, long i, long c, long count) {
    store(y.data() + i, relu(factor.at(n, c, count) * (load(u.data() + i, count) - load(mean.data() + c, count)) + offset.at(n, c, count)), count);
  });
  return y;
}

Tensor affine_add_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b, const Tensor& shortcut) {
  require_same(u, shortcut);
  Tensor y(u.shape());
  const Coefficient factor(a, u), offset(b, u);
  for_numbers(u, [&](long n, long i, long c, long count) {
    const Vec z = factor.at(n, c, count) * (load(u.data() + i, count) - load(mean.data() + c, count)) + offset.at(n, c, count);
    store(y.data() + i, relu(z + load(shortcut.data() + i, count)), count);
  });
  return y;
}

PictureSums relu_sums(Tensor& dy, const Tensor& y, const Tensor& u, const Tensor& mean) {
  require_same(u, dy);
  require_same(u, y);
  const long channels = u.dim(-1);
  return in_two(u, picture_sums(u, [&](long, long i, real* s, real* q) {
    for_vectors(channels, [&](long c, long count) {
      const Vec d = where_positive(load(y.data() + i + c, count), load(dy.data() + i + c, count));
      store(dy.data() + i + c, d, count);
      store(s + c, load(s + c, count) + d, count);
      store(q + c, load(q + c, count) + d * (load(u.data() + i + c, count) - load(mean.data() + c, count)), count);
    });
  }));
}

PictureSums affine_relu_sums(const Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b) {
  require_same(u, dy);
  const Coefficient factor(a, u), offset(b, u);
  const long channels = u.dim(-1);
  return in_two(u, picture_sums(u, [&](long n, long i, real* s, real* q) {
    for_vectors(channels, [&](long c, long count) {
      const Vec from_mean = load(u.data() + i + c, count) - load(mean.data() + c, count);
      const Vec d = where_positive(factor.at(n, c, count) * from_mean + offset.at(n, c, count), load(dy.data() + i + c, count));
      store(s + c, load(s + c, count) + d, count);
      store(q + c, load(q + c, count) + d * from_mean, count);
    });
  }));
}

Tensor affine_dx(const Tensor& d, const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& slope, const Tensor& shift) {
  require_same(u, d);
  Tensor du(u.shape());
  const Coefficient factor(a, u), of_u(slope, u), constant(shift, u);
  for_numbers(u, [&](long n, long i, long c, long count) {
    const Vec from_mean = load(u.data() + i, count) - load(mean.data() + c, count);
    store(du.data() + i, factor.at(n, c, count) * load(d.data() + i, count) + of_u.at(n, c, count) * from_mean + constant.at(n, c, count), count);
  });
  return du;
}

void affine_relu_dx(Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b, const Tensor& slope, const Tensor& shift) {
  require_same(u, dy);
  const Coefficient factor(a, u), offset(b, u), of_u(slope, u), constant(shift, u);
  for_numbers(u, [&](long n, long i, long c, long count) {
    const Vec from_mean = load(u.data() + i, count) - load(mean.data() + c, count), by = factor.at(n, c, count);
    const Vec d = where_positive(by * from_mean + offset.at(n, c, count), load(dy.data() + i, count));
    store(dy.data() + i, by * d + of_u.at(n, c, count) * from_mean + constant.at(n, c, count), count);
  });
}

}  // namespace excite
