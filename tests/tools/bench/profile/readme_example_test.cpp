// The numbers of tools/bench/profile/README.md: flops and bytes of a convolution.
#include <gtest/gtest.h>

#include "autograd/ops.h"
#include "tests/support/scratch.h"
#include "tools/bench/profile/work.h"
#include "tools/commands/output.h"

namespace excite {
namespace {

std::string tenths(double number) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.1f", number);
  return digits;
}

TEST(ProfileReadme, WorkOfAConvolution) {
  const Var x = parameter(zeros({128, 16, 16, 32})), w = parameter(zeros({3, 3, 32, 32})),
            y = conv2d(x, w, {.pad = 1});
  const std::string readme = get("tools/bench/profile/README.md");
  const auto expect_row = [&](const char* name, const Work& work) {
    const long bytes =
        work.bytes / static_cast<long>(sizeof(real)) * 4;  // the README counts floats
    const std::size_t row_begin = readme.find(std::string("| ") + name + " |");
    const std::string row = readme.substr(row_begin, readme.find('\n', row_begin) - row_begin);
    expect_contains(row, grouped(work.flops) + " |");
    expect_contains(row, "= " + grouped(bytes) + " | " +
                             tenths(static_cast<double>(work.flops) / static_cast<double>(bytes)) +
                             " |");
  };
  expect_row("forward", forward_work(*y, y->inputs));
  expect_row("backward", backward_work(*y));
}

}  // namespace
}  // namespace excite
