#include "tools/data/mixing.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"
#include "core/shared_batch.h"

namespace excite {

// Joehnk's method (1964): u^(1/alpha) / (u^(1/alpha) + v^(1/alpha)), if the sum is at most 1.
double draw_beta(double alpha, Rng& rng) {
  require(alpha > 0 && alpha <= 1, "draw_beta: alpha ", alpha, ", expected above 0 and at most 1");
  for (;;) {
    const double a = std::pow(rng.uniform(), 1 / alpha), b = std::pow(rng.uniform(), 1 / alpha);
    if (a + b > 0 && a + b <= 1) return a / (a + b);
  }
}

MixDraw draw_mix(const Mixing& mixing, long height, long width, Rng& rng) {
  MixDraw d;
  d.cuts = mixing.cutmix > 0 && (mixing.mixup == 0 || rng.below(2) == 1);
  d.share = draw_beta(d.cuts ? mixing.cutmix : mixing.mixup, rng);
  if (!d.cuts) return d;
  const auto side = [&](long length) {
    return static_cast<long>(static_cast<double>(length) * std::sqrt(1 - d.share));
  };
  const auto cut = [&](long length, long& begin, long& count) {
    const long size = side(length), middle = rng.below(length);
    begin = std::max(0l, middle - size / 2);
    count = std::min(length, middle - size / 2 + size) - begin;
  };
  cut(height, d.top, d.height);
  cut(width, d.left, d.width);
  d.share = 1 - static_cast<double>(d.height * d.width) / static_cast<double>(height * width);
  return d;
}

namespace {

struct NextImage {
  std::vector<real> pixels;
  int label;
};

// The image after the last one: the first of the batch, or where ranks share the batch, the first
// of the next rank.
NextImage image_after(const Batch& batch) {
  const long image = batch.x.size() / batch.x.dim(0);
  std::vector<real> pixels(batch.x.data(), batch.x.data() + image);
  const SharedBatch* shared = SharedBatch::current();
  if (!shared) return {std::move(pixels), batch.labels[0]};
  Ranks& ranks = shared->ranks();
  const long next = (ranks.rank() + 1) % ranks.count();
  const std::vector<real> first_images = all_gather(ranks, pixels);
  const std::vector<int> first_labels = all_gather(ranks, batch.labels[0]);
  const auto at = first_images.begin() + next * image;
  return {std::vector<real>(at, at + image), first_labels[next]};
}

}  // namespace

void mix(Batch& batch, const MixDraw& d, long classes, double label_smoothing) {
  const long n = batch.x.dim(0), height = batch.x.dim(1), width = batch.x.dim(2);
  const Tensor before = batch.x.clone();
  const long image = batch.x.size() / n;
  const NextImage after_last = image_after(batch);
  const auto own = static_cast<real>(d.share), other = static_cast<real>(1 - d.share);
  parallel_for(n, [&](long i) {
    real* x = batch.x.data() + i * image;
    const real* next = i + 1 < n ? before.data() + (i + 1) * image : after_last.pixels.data();
    if (!d.cuts) {
      for (long k = 0; k < image; k++) x[k] = own * x[k] + other * next[k];
      return;
    }
    for (long row = d.top; row < d.top + d.height; row++) {
      const long begin = (row * width + d.left) * 3;
      std::copy_n(next + begin, d.width * 3, x + begin);
    }
  });
  require(d.top + d.height <= height && d.left + d.width <= width,
          "mix: the rectangle is larger "
          "than the image of ",
          height, " x ", width, " pixels");

  batch.targets =
      full({n, classes}, static_cast<real>(label_smoothing / static_cast<double>(classes)));
  for (long i = 0; i < n; i++) {
    const auto peak = static_cast<real>(1 - label_smoothing);
    batch.targets[i * classes + batch.labels[i]] += peak * own;
    const int next = i + 1 < n ? batch.labels[i + 1] : after_last.label;
    batch.targets[i * classes + next] += peak * other;
  }
}

}  // namespace excite
