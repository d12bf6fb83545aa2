// The loops of layer normalization, y = gamma n + beta with n = (x - mean) / sqrt(var + eps), and
// of its gradients. Mean and variance are those of a row. Rows are all dimensions but the last, so
// x is (rows, C); gamma and beta are [C].
#pragma once
#include "core/tensor.h"

namespace excite {

// Of each row, [rows]: its mean, and 1 / sqrt(var + eps) with the biased variance.
struct RowMoments {
  Tensor mean, inv_std;
};
RowMoments row_moments(const Tensor& x, double eps);  // x is (rows, C)

// y[r, c] = gamma[c] n[r, c] + beta[c]
Tensor layer_norm(const Tensor& x, const RowMoments& rows, const Tensor& gamma, const Tensor& beta);
// dx = inv_std (g - mean(g) - n mean(g n)) with g = gamma dy, and means over the channels of a row
Tensor layer_norm_dx(const Tensor& dy, const Tensor& x, const RowMoments& rows,
                     const Tensor& gamma);
// dgamma[c] = sum over r of dy[r, c] n[r, c]
Tensor layer_norm_dgamma(const Tensor& dy, const Tensor& x, const RowMoments& rows);

}  // namespace excite
