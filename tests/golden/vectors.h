// Reads the vectors that tests/golden/make.py made. Files keep PyTorch's layout; here it is turned
// into ours.
#pragma once
#include <string>

#include "core/files/safetensors.h"

namespace excite::golden {

SafetensorsFile open(
    const std::string& file);  // "ops.safetensors"; tests are run from the folder of the Makefile

enum class Layout {
  as_it_is,
  images,        // NCHW     <-> [N, H, W, C]
  conv_weight,   // OIHW     <-> [R, S, C/groups, K]
  linear_weight  // [out, in] <-> [in, out]
};
Tensor to_ours(const Tensor& torch, Layout layout);
Tensor to_torch(const Tensor& ours, Layout layout);

// The numbers of make.py's functions of the same names. `shape` is PyTorch's, and so is the
// result's layout.
Tensor formula(const std::string& name, const Shape& shape);
Tensor start(const std::string& name, const Shape& shape);

// What is stored of a large tensor: its product with a vector of the formula, and its length.
struct Digest {
  double product, length;
};
Digest digest(const std::string& name, const Tensor& torch);

}  // namespace excite::golden
