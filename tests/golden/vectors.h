// Reads the vectors that tests/golden/make.py made. Files keep PyTorch's layout; here it is turned into ours.
#pragma once
#include <map>
#include <string>

#include "core/tensor.h"

namespace excite::golden {

struct Vectors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
  const Tensor& at(const std::string& name) const;  // an Error if there is none
};
Vectors read(const std::string& file);  // "ops.safetensors"; tests are run from the folder of the Makefile

enum class Layout {
  as_it_is,
  pictures,      // NCHW     <-> [N, H, W, C]
  conv_weight,   // OIHW     <-> [R, S, C/groups, K]
  linear_weight  // [out, in] <-> [in, out]
};
Tensor to_ours(const Tensor& torch, Layout layout);
Tensor to_torch(const Tensor& ours, Layout layout);

// The numbers of make.py's functions of the same names. `shape` is PyTorch's, and so is the result's layout.
Tensor formula(const std::string& name, const Shape& shape);
Tensor start(const std::string& name, const Shape& shape);

}  // namespace excite::golden
