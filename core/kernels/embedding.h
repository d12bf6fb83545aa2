// The loops of an embedding: a row of a table for each index, and the gradient of the table.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace excite {

// y[n, :] = table[indices[n], :], with table [V, D] and y [N, D]. Error if an index is not one of
// 0 to V - 1.
Tensor gather_rows(const Tensor& table, const std::vector<int>& indices);
// [V, D]: row v is the sum of dy[n, :] over all n with indices[n] = v, in the tree over
// the shards of n (core/tree_sum.h).
Tensor scatter_add_rows(const Tensor& dy, const std::vector<int>& indices, long table_rows);

}  // namespace excite
