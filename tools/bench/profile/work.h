// The least work that an operation can take: the arithmetic of its definition, and one transfer of
// every tensor between memory and core.
#pragma once
#include <vector>

namespace excite {

class Var;
struct Node;

struct Work {
  long flops = 0, bytes = 0;
};

// Forward: 2 flops per multiply-add of a convolution or matrix product, else what the operation
// states (Arithmetic in autograd/var.h). Each input is read, and the output is written.
Work forward_work(const Node& y, const std::vector<Var>& inputs);

// Backward, to be called before y's inputs are freed: 2 flops per multiply-add for each factor of a
// product that requires a gradient. y's gradient is read, the inputs are read if the formula of the
// gradient contains them, and the gradients that are required are written.
Work backward_work(const Node& y);

// The limit that binds a perfect kernel, and how close the measured one came to it (the roofline
// model: Williams, Waterman and Patterson, Communications of the ACM 52(4), 2009).
struct Bound {
  enum class By { arithmetic, memory } by;
  double share;  // of the limit: the time that a perfect kernel needs / the measured time
};
struct Limits;
Bound bound(const Work& work, double seconds, const Limits& limits);

}  // namespace excite
