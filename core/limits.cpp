#include "core/limits.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "core/kernels/simd.h"
#include "core/parallel.h"
#include "core/tensor.h"

namespace excite {

namespace {

// A multiply-add takes about four cycles and two can begin in each, so at least eight sums must be in flight.
constexpr int sums_in_flight = 12;

[[gnu::noinline]] real multiply_add(long rounds, real by, real plus) {
  Vec sum[sums_in_flight], factor = Vec{} + by, term = Vec{} + plus;
#pragma GCC unroll 12
  for (int i = 0; i < sums_in_flight; i++) sum[i] = Vec{} + static_cast<real>(i);
  for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
    for (int i = 0; i < sums_in_flight; i++) sum[i] = sum[i] * factor + term;
  Vec all{};
#pragma GCC unroll 12
  for (int i = 0; i < sums_in_flight; i++) all += sum[i];
  return all[0];
}

[[gnu::noinline]] real total(const real* from, long size) {
  constexpr long step = 8 * lanes;
  Vec sum[8]{};
  for (long i = 0; i + step <= size; i += step)
#pragma GCC unroll 8
    for (long j = 0; j < 8; j++) sum[j] += load(from + i + j * lanes);
  Vec all{};
  for (const Vec& s : sum) all += s;
  return all[0];
}

}  // namespace

double best_seconds(int runs, const std::function<void()>& run) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < runs; i++) {
    const auto then = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count());
  }
  return best;
}

Limits measure_limits() {
  const long workers = threads();
  std::vector<real> kept(static_cast<std::size_t>(workers));  // results that are used, so that no work can be left out
  constexpr long rounds = 2'000'000;
  const double flops = 2.0 * static_cast<double>(rounds * sums_in_flight * lanes * workers);
  const double computing = best_seconds(8, [&] {
    parallel_for(workers, [&](long i) { kept[static_cast<std::size_t>(i)] = multiply_add(rounds, real(0.5), kept[static_cast<std::size_t>(i)]); });
  });

  const Tensor numbers = zeros({(256l << 20) / static_cast<long>(sizeof(real))});
  const double reading = best_seconds(5, [&] {
    const Shards shards(numbers.size());
    std::vector<real> sums(static_cast<std::size_t>(shards.count));
    parallel_shards(shards, [&](long s, long begin, long end) { sums[static_cast<std::size_t>(s)] = total(numbers.data() + begin, end - begin); });
    kept[0] += sums[0];
  });
  return {1e-9 * flops / computing, 1e-9 * static_cast<double>(numbers.size()) * static_cast<double>(sizeof(real)) / reading};
}

}  // namespace excite
