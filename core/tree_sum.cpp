#include "core/tree_sum.h"

#include "core/shared_batch.h"

namespace excite {

long Shards::count_of(long images) {
  return std::clamp(std::max(images / 2, std::min(images, 16l)), 1l, max_count);
}

Shards::Shards(long images, Unshared)
    : batch(images), count(count_of(images)), first_(0), last_(count), first_image_(0) {}

Shards::Shards(long images) : Shards(whole_batch(images), Unshared{}) {
  const SharedBatch* shared = SharedBatch::current_for_sums();
  if (!shared) return;
  const long rank = shared->ranks().rank();
  first_ = shared->slices().first_shard(rank), last_ = shared->slices().first_shard(rank + 1);
  first_image_ = shared->first_image();
}

RowShards::RowShards(const Shards& shards, long rows_per_image, long min_rows)
    : shards_(shards), rows_per_image_(rows_per_image), parts_(1) {
  constexpr long max_parts = 64;  // of all shards together
  const long rows = shards.batch * rows_per_image;
  while (2 * count() <= max_parts && rows / (2 * count()) >= min_rows) parts_ *= 2;
}

long RowShards::begin(long shard) const {
  const long image_shard = shard / parts_, part = shard % parts_;
  const long first = shards_.begin(image_shard) * rows_per_image_,
             last = shards_.end(image_shard) * rows_per_image_;
  return first + (last - first) * part / parts_;
}

long shards_per_subtree(long count, long parts) {
  const long wanted = (8l * threads() + parts - 1) / parts;  // subtrees of each part
  long size = 1;
  while (size < count && (count + 2 * size - 1) / (2 * size) >= wanted) size *= 2;
  return size;
}

}  // namespace excite
