#include "tools/data/batch_range.h"

#include <algorithm>

#include "core/check.h"

namespace excite {

long count_batches(long samples, const BatchOptions& options) {
  const long batch = options.batch;
  require(batch >= 1, "batches: the batch size is ", batch, ", expected at least 1");
  require(samples >= 1, "batches: there are no samples, expected at least 1");
  require(!options.drop_last || samples >= batch, "batches: ", samples,
          " samples are less than one batch of ", batch,
          ", and drop_last leaves out smaller batches; use a smaller batch");
  return options.drop_last ? samples / batch : (samples + batch - 1) / batch;
}

std::vector<long> indices_of_batch(const std::vector<long>& order, long index, long batch) {
  const long begin = index * batch, end = std::min(begin + batch, std::ssize(order));
  return {order.begin() + begin, order.begin() + end};
}

}  // namespace excite
