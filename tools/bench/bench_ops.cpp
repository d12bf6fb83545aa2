#include "tools/bench/bench_ops.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/kernels/conv2d_algorithms.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tools/bench/limits.h"
#include "tools/bench/max_relative_error.h"

namespace excite {

namespace {

struct Case {
  Shape x, w;
  Conv2dOptions options;
};

// The convolutions of SE-ResNet-20, then some of SE-ResNet-50 and SE-ResNeXt-50.
std::vector<Case> cases(long small, long large) {
  return {
      {{small, 32, 32, 3}, {3, 3, 3, 16}, {.pad = 1}},
      {{small, 32, 32, 16}, {3, 3, 16, 16}, {.pad = 1}},
      {{small, 32, 32, 16}, {3, 3, 16, 32}, {.stride = 2, .pad = 1}},
      {{small, 32, 32, 16}, {1, 1, 16, 32}, {.stride = 2}},
      {{small, 16, 16, 32}, {3, 3, 32, 32}, {.pad = 1}},
      {{small, 16, 16, 32}, {3, 3, 32, 64}, {.stride = 2, .pad = 1}},
      {{small, 8, 8, 64}, {3, 3, 64, 64}, {.pad = 1}},
      {{large, 56, 56, 64}, {3, 3, 64, 64}, {.pad = 1}},
      {{large, 56, 56, 64}, {1, 1, 64, 256}, {}},
      {{large, 28, 28, 128}, {3, 3, 128, 128}, {.pad = 1}},
      {{large, 14, 14, 256}, {3, 3, 256, 256}, {.pad = 1}},
      {{large, 14, 14, 1024}, {1, 1, 1024, 256}, {}},
      {{large, 56, 56, 256}, {1, 1, 256, 512}, {.stride = 2}},
      {{large, 56, 56, 128}, {3, 3, 4, 128}, {.pad = 1, .groups = 32}},
  };
}

void measure_case(const Case& c) {
  Rng rng(0);
  const Tensor x = normal(c.x, rng), w = normal(c.w, rng);
  const Conv2dShape q(x.shape(), w.shape(), c.options);
  const Tensor dy = normal(q.y(), rng);
  const double gflop = 2e-9 * static_cast<double>(dy.size() * q.r * q.s * q.cg);
  const std::string name =
      text(q.n, " of ", q.h, "x", q.w, ", ", q.c, " -> ", q.k, ", ", Size2(q.r, q.s),
           q.stride == Size2(1) ? "" : text(" stride ", q.stride.h),
           q.groups == 1 ? "" : text(", ", q.groups, " groups"));
  Tensor reference_y, reference_dw;
  for (const Conv2dFunctions* algorithm :
       {&reference_conv2d, &blas_conv2d, &direct_conv2d, &winograd_conv2d}) {
    if (algorithm == &winograd_conv2d && !winograd_supports(q)) continue;
    const bool is_reference = algorithm == &reference_conv2d;
    const int runs = is_reference ? 1 : 5;
    Tensor y, dw;
    const double y_rate = gflop / best_seconds(runs, [&] { y = algorithm->y(q, x, w); });
    const double dx_rate = gflop / best_seconds(runs, [&] { algorithm->dx(q, dy, w); });
    const double dw_rate = gflop / best_seconds(runs, [&] { dw = algorithm->dw(q, x, dy); });
    if (is_reference) reference_y = std::move(y), reference_dw = std::move(dw);
    const auto star = [&](Conv2dAlgorithm chosen) {
      return algorithm == &conv2d_functions(chosen) ? '*' : ' ';
    };
    std::printf("%-40s %-9s %7.1f%c %7.1f%c %7.1f%c", is_reference ? name.c_str() : "",
                algorithm->name, y_rate, star(conv2d_algorithm(q)), dx_rate,
                star(conv2d_algorithm(q)), dw_rate, star(conv2d_dw_algorithm(q)));
    if (is_reference)
      std::printf("\n");
    else
      std::printf(" %9.1e %9.1e\n", max_relative_error(y, reference_y),
                  max_relative_error(dw, reference_dw));
    std::fflush(stdout);
  }
}

}  // namespace

void bench_ops(long batch) {
  std::printf(
      "GFLOP/s, counted as 2 N OH OW K R S C/groups flops; best of 5 runs, %d threads, %s; * marks "
      "the algorithm that conv2d chooses.\n"
      "reference: plain loops with sums in double, one run on one thread. error: the largest "
      "difference from the reference / the largest number.\n\n",
      threads(), sizeof(real) == 4 ? "float" : "double");
  std::printf("%-40s %-9s %8s %8s %8s %9s %9s\n", "convolution", "algorithm", "y", "dx", "dw",
              "error: y", "dw");
  for (const Case& c : cases(batch, std::max(1l, batch / 8))) measure_case(c);
}

}  // namespace excite
