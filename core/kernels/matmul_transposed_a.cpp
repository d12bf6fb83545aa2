// a^T b, the gradient of a matrix of weights: a sum over the rows of a batch, in the tree over its
// shards.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/gradient_tree.h"
#include "core/kernels/matmul.h"
#include "core/parallel.h"

namespace excite {

namespace {

// x [rows, columns] in panels of columns (microkernel.h), one after the other: (rows, width) each.
Buffer panels_of(const Tensor& x) {
  const long rows = x.dim(0), columns = x.dim(1);
  Buffer packed(packed_size(rows, columns));
  parallel_ranges(rows, 64, [&](long begin, long end) {
    for (long k = 0; k < columns; k += tile_vectors * lanes) {
      const long width = panel_width(k, columns), count = std::min(width, columns - k);
      for (long r = begin; r < end; r++) {
        real* to = packed.data() + k * rows + r * width;
        std::fill(std::copy_n(x.data() + r * columns + k, count, to), to + width, real(0));
      }
    }
  });
  return packed;
}

// Rows [c, c + rows) of a^T b over the shards of a subtree, written to `to` [rows, whole vectors of
// columns]. b is in panels.
void add_rows_of_shards(const Tensor& a, const Buffer& b, long columns, const Shards& shards,
                        const Subtree& tree, long c, long rows, real* to) {
  const auto [first, last] = tree;
  const int top = tree_levels(last - first);
  const long begin = shards.begin(first), end = shards.end(last - 1);
  std::vector<OuterPart> parts;
  for (long shard = first; shard < last; shard++)
    parts.push_back(part_of_shard(tree_step(shard - first, last - first), true, true,
                                  shards.begin(shard) - begin, 1,
                                  shards.end(shard) - shards.begin(shard)));
  std::vector<real> strip((end - begin) * rows);
  for (long n = begin; n < end; n++)
    std::copy_n(a.data() + n * a.dim(1) + c, rows, strip.data() + (n - begin) * rows);
  alignas(vector_bytes) real waiting[max_tree_levels][max_tile_numbers];
  for (long k = 0; k < columns; k += tile_vectors * lanes) {
    const long width = panel_width(k, columns);
    TileLevels at;
    for (int level = 0; level < top; level++) at[level] = {waiting[level], width};
    at[top] = {to + k, whole_vectors(columns)};
    microkernel_outer({strip.data(), rows, 0}, rows,
                      {b.data() + k * a.dim(0) + begin * width, width, 0}, width, parts, at.data());
  }
}

// x [rows, whole vectors of columns] -> y [rows, columns]
void copy_without_padding(const real* x, long rows, long columns, real* y) {
  const long stride = whole_vectors(columns);
  for (long r = 0; r < rows; r++) std::copy_n(x + r * stride, columns, y + r * columns);
}

}  // namespace

// A call of the parallel loop computes some rows of the result over a subtree of the shards.
Tensor matmul_transposed_a(const Tensor& a, const Tensor& b) {
  for (const Tensor* factor : {&a, &b})
    require(factor->shape().rank() == 2, "matmul: a factor has shape ", factor->shape(),
            ", expected rank 2");
  require(a.dim(0) == b.dim(0), "matmul: [", a.dim(1), ", ", a.dim(0), "] times [", b.dim(0), ", ",
          b.dim(1), "], expected equal inner dimensions");
  const long rows = a.dim(1), columns = b.dim(1);
  if (a.empty() || b.empty()) return zeros({rows, columns});
  const Buffer packed = panels_of(b);
  const long rows_per_part = tile_rows(panel_width(0, columns)), stride = whole_vectors(columns),
             parts = (rows + rows_per_part - 1) / rows_per_part;
  const Shards shards(a.dim(0));
  const OwnLeaves own = shards.own();
  const std::vector<Subtree> trees = subtrees(own, shards_per_subtree(own.last - own.first, parts));
  std::vector<Tensor> sums(trees.size());
  for (Tensor& sum : sums) sum = Tensor({rows, stride});
  parallel_for(std::ssize(sums) * parts, [&](long i) {
    const long tree = i / parts, c = i % parts * rows_per_part;
    add_rows_of_shards(a, packed, columns, shards, trees[tree], c,
                       std::min(rows_per_part, rows - c), sums[tree].data() + c * stride);
  });
  Tensor y({rows, columns});
  sum_of_subtrees(shards.count, trees, std::move(sums), y.data(),
                  [rows, columns, to = y.data()](const real* total) {
                    copy_without_padding(total, rows, columns, to);
                  });
  return y;
}

}  // namespace excite
