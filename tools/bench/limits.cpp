#include "tools/bench/limits.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <vector>

#include "core/check.h"
#include "core/kernels/simd.h"
#include "core/parallel.h"
#include "core/tensor.h"

namespace excite {

namespace {

// A multiply-add takes about four cycles and two can begin in each, so at least eight sums must be
// in flight.
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

Limits measured() {
  const long workers = threads();
  std::vector<real> kept(workers);  // results that are used, so that no work can be left out
  constexpr long rounds = 2'000'000;
  const double flops = 2.0 * static_cast<double>(rounds * sums_in_flight * lanes * workers);
  const double computing = best_seconds(8, [&] {
    parallel_for(workers, [&](long i) { kept[i] = multiply_add(rounds, real(0.5), kept[i]); });
  });

  const Tensor numbers = zeros({(256l << 20) / static_cast<long>(sizeof(real))});
  const double reading = best_seconds(5, [&] {
    const Shards shards(numbers.size());
    std::vector<real> sums(shards.count);
    parallel_shards(shards, [&](long s, long begin, long end) {
      sums[s] = total(numbers.data() + begin, end - begin);
    });
    kept[0] += sums[0];
  });
  return {1e-9 * flops / computing,
          1e-9 * static_cast<double>(numbers.size()) * static_cast<double>(sizeof(real)) / reading};
}

[[noreturn]] void send_limits(int pipe) noexcept {
  const Limits most = measured();
  _exit(write(pipe, &most, sizeof most) == sizeof most ? 0 : 1);
}

}  // namespace

double best_seconds(int runs, const std::function<void()>& run) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < runs; i++) {
    const auto then = std::chrono::steady_clock::now();
    run();
    best = std::min(best,
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count());
  }
  return best;
}

// The child sends what it measured through a pipe. While the ends of children are ignored the
// system forgets a child that has ended, and does not count its memory among ours; waitpid then
// only waits. fork copies no thread but this one: workers are called off before, and called anew by
// whoever needs them.
Limits measure_limits() {
  set_threads(threads());
  int ends[2];
  require(pipe(ends) == 0, "limits: no pipe: ", std::strerror(errno));
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  const pid_t child = fork();
  const int failed = errno;
  if (child == 0) send_limits(ends[1]);
  close(ends[1]);
  Limits most{};
  const ssize_t got = child < 0 ? 0 : read(ends[0], &most, sizeof most);
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  std::signal(SIGCHLD, before);
  require(child > 0, "limits: no process to measure them in: ", std::strerror(failed));
  require(got == sizeof most,
          "limits: the process that should measure them ended without an answer; is there room for "
          "256 MB?");
  return most;
}

}  // namespace excite
