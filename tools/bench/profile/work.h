// What an operation has to do at the least: the arithmetic of its definition, and every tensor
// moved through memory once.
#pragma once
#include "autograd/var.h"

namespace excite {

struct Work {
  long flops = 0, bytes = 0;
};

// Forward: a convolution or matrix product is 2 flops a multiply-add; anything else a few a number,
// see work.cpp. Each input is read, and the output written.
Work forward_work(const Node& y, const std::vector<Var>& inputs);

// Backward, seen before its inputs are freed: a product costs 2 flops a multiply-add for each
// gradient that is wanted of it. y's gradient is read, the inputs are where the formula has them in
// it, and the gradients that are wanted are written.
Work backward_work(const Node& y);

// What keeps a perfect kernel from being faster, and how near the real one came.
struct Bound {
  enum class By { arithmetic, memory } by;
  double share;  // of the limit: the time that it allows, over the time that was taken
};
struct Limits;
Bound bound(const Work& work, double seconds, const Limits& limits);

}  // namespace excite
