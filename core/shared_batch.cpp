#include "core/shared_batch.h"

#include <algorithm>
#include <bit>

#include "core/check.h"
#include "core/text.h"

namespace excite {

BatchSlices::BatchSlices(long batch, long rank_count)
    : images(batch), shards(Shards::count_of(batch)), ranks(rank_count) {}

// The nearest multiple of `step` to an equal share. The step is at most an eighth of a share.
long BatchSlices::first_shard(long rank) const {
  const long step = static_cast<long>(
      std::bit_floor(static_cast<unsigned long>(std::max(1l, shards / ranks / 8))));
  if (rank == ranks) return shards;
  return (shards * rank / ranks + step / 2) / step * step;
}

namespace {
thread_local const SharedBatch* innermost = nullptr;
}  // namespace

SharedBatch::SharedBatch(Ranks& ranks, long images, SumOver sums)
    : ranks_(ranks), slices_(images, ranks.count()), sums_(sums), outer_(innermost) {
  require<UsageError>(slices_.is_possible(), "a batch of ", counted(images, "image"), " has ",
                      counted(slices_.shards, "shard"), ", but there are ", ranks.count(),
                      " ranks, expected at most as many; use a larger batch or fewer ranks");
  innermost = this;
}
SharedBatch::~SharedBatch() { innermost = outer_; }

const SharedBatch* SharedBatch::current() { return innermost; }
const SharedBatch* SharedBatch::current_for_sums() {
  return innermost && innermost->sums_ == SumOver::whole_batch ? innermost : nullptr;
}

std::vector<long> SharedBatch::images_of_ranks() const {
  std::vector<long> counts;
  for (long rank = 0; rank < slices_.ranks; rank++)
    counts.push_back(slices_.first_image(rank + 1) - slices_.first_image(rank));
  return counts;
}

void SharedBatch::require_own(long images) const {
  require(images == last_image() - first_image(), "a sum over ", counted(images, "row"),
          " in a batch that ranks share: this one has images ", first_image(), " to ",
          last_image() - 1, " of ", slices_.images, ", expected ", last_image() - first_image(),
          " rows; only the images of a batch can be summed");
}

long whole_batch(long own) {
  const SharedBatch* batch = SharedBatch::current_for_sums();
  if (!batch) return own;
  batch->require_own(own);
  return batch->images();
}

long whole_rows(const Shape& x) {
  const SharedBatch* batch = SharedBatch::current_for_sums();
  return batch ? x.rows() / std::max(1l, x[0]) * whole_batch(x[0]) : x.rows();
}

long whole_size(const Shape& x) {
  return x.rank() == 0 ? 1 : x.size() / std::max(1l, x[0]) * whole_batch(x[0]);
}

}  // namespace excite
