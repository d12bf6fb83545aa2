// Reads the golden vectors of tests/golden/make.py. The files are in PyTorch's memory layout;
// to_ours and to_torch convert.
#pragma once
#include <string>

#include "core/files/safetensors.h"

namespace excite::golden {

// `file` is a name in tests/golden, such as "ops.safetensors". Tests run in the Makefile's folder.
SafetensorsFile open(const std::string& file);

enum class Layout {
  same,          // any shape, in the same order
  images,        // NCHW     <-> [N, H, W, C]
  conv_weight,   // OIHW     <-> [R, S, C/groups, K]
  linear_weight  // [out, in] <-> [in, out]
};
Tensor to_ours(const Tensor& torch, Layout layout);
Tensor to_torch(const Tensor& ours, Layout layout);
Shape torch_shape(const Shape& ours, Layout layout);  // that of to_torch's result

// The same numbers as the functions of these names in make.py. hashed_numbers are hashes of the
// name and the index, in [-1, 1); initial_state is a parameter or running statistic made of them.
// `shape` and the results are in PyTorch's layout.
Tensor hashed_numbers(const std::string& name, const Shape& shape);
Tensor initial_state(const std::string& name, const Shape& shape);

// What the files store of a large tensor: its dot product with the hashed numbers, and its
// L2 norm.
struct Digest {
  double product, norm;
};
Digest digest(const std::string& name, const Tensor& torch);

}  // namespace excite::golden
