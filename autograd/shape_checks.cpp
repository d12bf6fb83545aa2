#include "autograd/shape_checks.h"

#include <string>

#include "core/check.h"

namespace excite {

namespace {

// How to compute `formula` where b has one number per channel, or per image and channel, of x.
struct Broadcast {
  std::string formula, b_per_channel, b_per_image;
};
const Broadcast broadcasts[] = {
    {"x + b", "add_bias(x, b)", "x + scale_channels(full(x.shape(), 1), b)"},
    {"x - b", "add_bias(x, -1 * b)", "x - scale_channels(full(x.shape(), 1), b)"},
    {"b - x", "add_bias(-1 * x, b)", "scale_channels(full(x.shape(), 1), b) - x"},
    {"x * b", "scale_channels(x, b)", "scale_channels(x, b)"}};

// Empty if the shapes are not [C] and [..., C], or [N, C] and [N, H, W, C].
std::string advice(const std::string& op, const Shape& first, const Shape& second) {
  const bool b_first = first.rank() < second.rank();
  const Shape &x = b_first ? second : first, &b = b_first ? first : second;
  const bool per_channel = x.rank() > 1 && b == Shape{x[-1]},
             per_image = x.rank() == 4 && b == Shape{x[0], x[3]};
  const std::string formula = op == "add"   ? "x + b"
                              : op == "mul" ? "x * b"
                              : b_first     ? "b - x"
                                            : "x - b";
  for (const Broadcast& way : broadcasts)
    if (way.formula == formula && (per_channel || per_image))
      return text("; for ", formula, " with a number b for each ",
                  per_channel ? "channel" : "image and channel", ", use ",
                  per_channel ? way.b_per_channel : way.b_per_image);
  return "";
}

}  // namespace

void require_same(const char* op, const Var& a, const Var& b) {
  if (a.shape() == b.shape()) return;
  throw Error(text(op, ": shapes ", a.shape(), " and ", b.shape(), " differ, expected equal shapes",
                   advice(op, a.shape(), b.shape())));
}

void require_channels(const char* op, const char* what, const Var& x, const Var& b) {
  require(x.shape().rank() >= 1 && b.shape() == Shape{x.shape()[-1]}, op, ": input ", x.shape(),
          " needs a ", what, " for each of its ", x.shape().rank() ? x.shape()[-1] : 0,
          " channels, but it has shape ", b.shape());
}

}  // namespace excite
