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
#include "core/kernels/bfloat16.h"
#include "core/kernels/simd.h"
#include "core/parallel.h"
#include "core/tensor.h"

namespace excite {

namespace {

// A multiply-add has a latency of about four cycles and a core starts two per cycle, so at least
// eight independent sums must be in flight.
constexpr int sums_in_flight = 12;

[[gnu::noinline]] real multiply_add(long rounds, real multiplier, real addend) {
  Vec sum[sums_in_flight], factor = Vec{} + multiplier, term = Vec{} + addend;
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

#ifdef EXCITE_HAS_BFLOAT16
[[gnu::noinline]] real multiply_add_pairs(long rounds, BfloatPair multiplier) {
  Vec sum[sums_in_flight];  // that differ, or the compiler computes one of them for all
#pragma GCC unroll 12
  for (int i = 0; i < sums_in_flight; i++) sum[i] = Vec{} + static_cast<real>(i);
  BfloatPair factors[lanes];
  std::fill_n(factors, lanes, multiplier);
  const PairVec factor = load(factors);
  for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
    for (int i = 0; i < sums_in_flight; i++) sum[i] = multiply_add(sum[i], multiplier, factor);
  Vec all{};
#pragma GCC unroll 12
  for (int i = 0; i < sums_in_flight; i++) all += sum[i];
  return all[0];
}
#endif

[[gnu::noinline]] real total(const real* numbers, long size) {
  constexpr long step = 8 * lanes;
  Vec sum[8]{};
  for (long i = 0; i + step <= size; i += step)
#pragma GCC unroll 8
    for (long j = 0; j < 8; j++) sum[j] += load(numbers + i + j * lanes);
  Vec all{};
  for (const Vec& s : sum) all += s;
  return all[0];
}

Limits measure() {
  const long workers = threads();
  std::vector<real> results(workers);  // used, so that the compiler cannot remove the work
  constexpr long rounds = 2'000'000;
  const double flops = 2.0 * static_cast<double>(rounds * sums_in_flight * lanes * workers);
  const double computing = best_seconds(8, [&] {
    parallel_for(workers,
                 [&](long i) { results[i] = multiply_add(rounds, real(0.5), results[i]); });
  });
  double bfloat16_gflops = 0;
#ifdef EXCITE_HAS_BFLOAT16
  const double computing_pairs = best_seconds(8, [&] {
    parallel_for(workers, [&](long i) { results[i] += multiply_add_pairs(rounds, {0}); });
  });
  bfloat16_gflops = 1e-9 * 2 * flops / computing_pairs;
#endif

  const Tensor numbers = zeros({(256l << 20) / static_cast<long>(sizeof(real))});
  const double reading = best_seconds(5, [&] {
    std::vector<real> sums(workers);
    parallel_for(workers, [&](long i) {
      const long begin = numbers.size() * i / workers, end = numbers.size() * (i + 1) / workers;
      sums[i] = total(numbers.data() + begin, end - begin);
    });
    results[0] += sums[0];
  });
  const double bytes = static_cast<double>(numbers.size()) * static_cast<double>(sizeof(real));
  return {1e-9 * flops / computing, 1e-9 * bytes / reading, bfloat16_gflops};
}

[[noreturn]] void send_limits(int pipe) noexcept {
  const Limits limits = measure();
  _exit(write(pipe, &limits, sizeof limits) == sizeof limits ? 0 : 1);
}

}  // namespace

double best_seconds(int runs, const std::function<void()>& run) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < runs; i++) {
    const auto begin = std::chrono::steady_clock::now();
    run();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

// The child sends the limits through a pipe. While SIGCHLD is ignored, the system drops a child
// that has ended and does not add its memory to RUSAGE_CHILDREN; waitpid then only waits. fork
// copies only the calling thread, so the workers are stopped first; the next parallel_for starts
// new ones.
Limits measure_limits() {
  set_threads(threads());
  int ends[2];
  require(pipe(ends) == 0, "limits: cannot create a pipe: ", std::strerror(errno));
  const auto handler = std::signal(SIGCHLD, SIG_IGN);
  const pid_t child = fork();
  const int failed = errno;
  if (child == 0) send_limits(ends[1]);
  close(ends[1]);
  Limits limits{};
  const ssize_t received = child < 0 ? 0 : read(ends[0], &limits, sizeof limits);
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  std::signal(SIGCHLD, handler);
  require(child > 0, "limits: cannot start a process: ", std::strerror(failed));
  require(received == sizeof limits,
          "limits: the measuring process ended without a result; it needs 256 MB of memory");
  return limits;
}

}  // namespace excite
