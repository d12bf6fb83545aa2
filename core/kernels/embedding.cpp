#include "core/kernels/embedding.h"

#include <algorithm>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/parallel.h"
#include "core/tree_sum.h"

namespace excite {

Tensor gather_rows(const Tensor& table, const std::vector<int>& indices) {
  require(table.shape().rank() == 2, "embedding: table has shape ", table.shape(),
          ", expected [V, D]");
  const long rows = table.dim(0), width = table.dim(1), count = static_cast<long>(indices.size());
  for (long n = 0; n < count; n++)
    require(indices[n] >= 0 && indices[n] < rows, "embedding: index ", n, " is ", indices[n],
            ", but the table ", table.shape(), " has ", rows, " rows, expected 0 to ", rows - 1);
  Tensor y({count, width});
  parallel_ranges(count, 256, [&](long begin, long end) {
    for (long n = begin; n < end; n++)
      std::copy_n(table.data() + indices[n] * width, width, y.data() + n * width);
  });
  return y;
}

namespace {

// Adds dy[n, :] for the n of [uses, uses_end), which are in order, in the tree over the shards from
// `first` to `last` - 1. The result is in `sum`, a row of zeros. Most shards do not use the row of
// the table; their sums of zero are left out.
void add_uses(const Tensor& dy, const Shards& shards, long first, long last, const long* uses,
              const long* uses_end, real* sum) {
  if (uses == uses_end) return;
  const long width = dy.dim(1);
  if (last - first == 1) {
    for (; uses < uses_end; uses++)
      for (long d = 0; d < width; d++) sum[d] += dy[*uses * width + d];
    return;
  }
  const long middle = first + (1l << (tree_levels(last - first) - 1));
  const long* right = std::lower_bound(uses, uses_end, shards.begin(middle));
  add_uses(dy, shards, first, middle, uses, right, sum);
  if (right == uses) return add_uses(dy, shards, middle, last, right, uses_end, sum);
  if (right == uses_end) return;
  std::vector<real> right_sum(width);
  add_uses(dy, shards, middle, last, right, uses_end, right_sum.data());
  for (long d = 0; d < width; d++) sum[d] += right_sum[d];
}

}  // namespace

// Two of the indices may be equal, so the threads share the rows of the table. uses[v] are the n
// with indices[n] = v.
Tensor scatter_add_rows(const Tensor& dy, const std::vector<int>& indices, long table_rows) {
  const long width = dy.dim(1), count = static_cast<long>(indices.size());
  std::vector<std::vector<long>> uses(table_rows);
  for (long n = 0; n < count; n++) uses[indices[n]].push_back(n);
  const Shards shards(count);
  const std::vector<Subtree> trees = subtrees(shards.own());
  std::vector<Tensor> sums;
  for (const Subtree& tree : trees) {
    Tensor dtable = zeros({table_rows, width});
    parallel_ranges(table_rows, 1, [&](long begin, long end) {
      for (long v = begin; v < end; v++) {
        const long* all = uses[v].data();
        const long *end_of_all = all + uses[v].size(),
                   *from = std::lower_bound(all, end_of_all, shards.begin(tree.first)),
                   *to = std::lower_bound(from, end_of_all, shards.end(tree.last - 1));
        add_uses(dy, shards, tree.first, tree.last, from, to, dtable.data() + v * width);
      }
    });
    sums.push_back(std::move(dtable));
  }
  return gradient_of_subtrees(shards.count, trees, std::move(sums));
}

}  // namespace excite
