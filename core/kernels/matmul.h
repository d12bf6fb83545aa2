// Matrix products of whole tensors.
#pragma once
#include "core/tensor.h"

namespace excite {

Tensor matmul(const Tensor& a, const Tensor& b);               // [M, K] [K, N] -> [M, N]
Tensor matmul_transposed_b(const Tensor& a, const Tensor& b);  // [M, K] [N, K] -> [M, N]:  a b^T
Tensor matmul_transposed_a(const Tensor& a, const Tensor& b);  // [K, M] [K, N] -> [M, N]:  a^T b

}  // namespace excite
