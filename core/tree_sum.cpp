#include "core/tree_sum.h"

namespace excite {

Shards::Shards(long images)
    : batch(images),
      count(std::clamp(std::max(images / 2, std::min(images, 16l)), 1l, max_count)) {}

RowShards::RowShards(long images, long rows_per_image, long min_rows)
    : shards_(images), rows_per_image_(rows_per_image), parts_(1) {
  constexpr long max_parts = 64;  // of all shards together
  const long rows = images * rows_per_image;
  while (2 * count() <= max_parts && rows / (2 * count()) >= min_rows) parts_ *= 2;
}

long RowShards::begin(long shard) const {
  const long image_shard = shard / parts_, part = shard % parts_;
  if (image_shard == shards_.count) return shards_.batch * rows_per_image_;
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
