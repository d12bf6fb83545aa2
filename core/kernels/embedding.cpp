#include "core/kernels/embedding.h"

#include <algorithm>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

Tensor gather_rows(const Tensor& table, const std::vector<int>& indices) {
  require(table.shape().rank() == 2, "embedding: table has shape ", table.shape(),
          ", expected [V, D]");
  const long rows = table.dim(0), width = table.dim(1), count = static_cast<long>(indices.size());
  for (long n = 0; n < count; n++)
    require(indices[n] >= 0 && indices[n] < rows, "embedding: index ", n, " is ", indices[n],
            ", but the table ", table.shape(), " has ", rows, " rows, expected 0 to ", rows - 1);
  Tensor y({count, width});
  parallel_shards(Shards(count, 256), [&](long, long begin, long end) {
    for (long n = begin; n < end; n++)
      std::copy_n(table.data() + indices[n] * width, width, y.data() + n * width);
  });
  return y;
}

// Two of the indices may be equal, so the threads share the columns, not the rows. Each number of
// the result is then a sum of one thread, in the order of n.
Tensor scatter_add_rows(const Tensor& dy, const std::vector<int>& indices, long table_rows) {
  const long width = dy.dim(1), count = static_cast<long>(indices.size());
  Tensor dtable = zeros({table_rows, width});
  parallel_shards(Shards(width, 16), [&](long, long begin, long end) {
    for (long n = 0; n < count; n++) {
      real* to = dtable.data() + indices[n] * width;
      for (long d = begin; d < end; d++) to[d] += dy[n * width + d];
    }
  });
  return dtable;
}

}  // namespace excite
