#include "core/shared_batch.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "core/check.h"
#include "core/parallel.h"
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

SharedBatch::SharedBatch(Ranks& ranks, long images)
    : ranks_(ranks), slices_(images, ranks.count()), outer_(innermost) {
  require<UsageError>(slices_.is_possible(), "a batch of ", counted(images, "image"), " has ",
                      counted(slices_.shards, "shard"), ", but there are ", ranks.count(),
                      " ranks, expected at most as many; use a larger batch or fewer ranks");
  innermost = this;
}
SharedBatch::~SharedBatch() { innermost = outer_; }

const SharedBatch* SharedBatch::current() { return innermost; }

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
  const SharedBatch* batch = SharedBatch::current();
  if (!batch) return own;
  batch->require_own(own);
  return batch->images();
}

long whole_rows(const Shape& x) {
  const SharedBatch* batch = SharedBatch::current();
  return batch ? x.rows() / std::max(1l, x[0]) * whole_batch(x[0]) : x.rows();
}

long whole_size(const Shape& x) {
  return x.rank() == 0 ? 1 : x.size() / std::max(1l, x[0]) * whole_batch(x[0]);
}

namespace {

// The largest subtrees of all ranks, in order, and how many of them each rank has.
struct SubtreesOfRanks {
  std::vector<Subtree> all;
  std::vector<long> counts;
  SubtreesOfRanks(const BatchSlices& slices, long leaves) {
    const long per_shard = leaves / slices.shards;
    for (long rank = 0; rank < slices.ranks; rank++) {
      const std::vector<Subtree> own = subtrees(
          {leaves, slices.first_shard(rank) * per_shard, slices.first_shard(rank + 1) * per_shard});
      all.insert(all.end(), own.begin(), own.end());
      counts.push_back(std::ssize(own));
    }
  }
};

// The tree over sums[0], sums[1], ... of `size` numbers each. The result is at sums[0].
template <class Number>
void add_all(const TreePlan& plan, const std::vector<Number*>& sums, long size) {
  parallel_ranges(size, 4096, [&](long begin, long end) {
    for (const TreePlan::Addition& a : plan.additions)
      for (long i = begin; i < end; i++) sums[a.to][i] += sums[a.from][i];
  });
}

// Few numbers are sent to all ranks, and each adds all of them: one exchange.
template <class Number>
void add_everywhere(Ranks& ranks, const SubtreesOfRanks& subtrees, const TreePlan& plan,
                    const std::vector<const Number*>& own, long size, Number* total) {
  std::vector<Number> mine, all(subtrees.all.size() * static_cast<std::size_t>(size));
  for (const Number* sum : own) mine.insert(mine.end(), sum, sum + size);
  std::vector<long> bytes = subtrees.counts;
  for (long& count : bytes) count *= size * static_cast<long>(sizeof(Number));
  ranks.gather(mine.data(), all.data(), bytes);
  std::vector<Number*> sums;
  for (std::size_t i = 0; i < subtrees.all.size(); i++)
    sums.push_back(all.data() + static_cast<long>(i) * size);
  add_all(plan, sums, size);
  std::copy_n(all.data(), size, total);
}

// Many numbers are cut into as many slices as there are ranks. Each rank receives one slice of all
// sums, adds it, and sends the result to all. So a rank sends each number of a sum twice, whatever
// the number of ranks.
template <class Number>
void add_by_slices(Ranks& ranks, const SubtreesOfRanks& subtrees, const TreePlan& plan,
                   const std::vector<const Number*>& own, long size, Number* total) {
  const long count = ranks.count(), bytes = sizeof(Number);
  const auto begin = [=](long rank) { return size * rank / count; };
  const auto length = [=](long rank) { return begin(rank + 1) - begin(rank); };
  const long slice = length(ranks.rank());
  std::vector<Number> mine, all(subtrees.all.size() * static_cast<std::size_t>(slice));
  mine.reserve(own.size() * static_cast<std::size_t>(size));
  std::vector<long> sent, received, lengths;
  for (long rank = 0; rank < count; rank++) {
    for (const Number* sum : own) mine.insert(mine.end(), sum + begin(rank), sum + begin(rank + 1));
    sent.push_back(std::ssize(own) * length(rank) * bytes);
    received.push_back(subtrees.counts[rank] * slice * bytes);
    lengths.push_back(length(rank) * bytes);
  }
  ranks.exchange(mine.data(), sent, all.data(), received);
  std::vector<Number*> sums;
  for (std::size_t i = 0; i < subtrees.all.size(); i++)
    sums.push_back(all.data() + static_cast<long>(i) * slice);
  add_all(plan, sums, slice);
  ranks.gather(all.data(), total, lengths);
}

template <class Number>
void sum_shards(long leaves, const std::vector<const Number*>& own, long size, Number* total) {
  const SharedBatch* batch = SharedBatch::current();
  require(batch && leaves % batch->slices().shards == 0, "a sum over ", leaves,
          " leaves: the batch that ranks share has ", batch ? batch->slices().shards : 0,
          " shards, expected a whole number of leaves for each");
  const SubtreesOfRanks all(batch->slices(), leaves);
  const TreePlan plan(leaves, all.all);
  constexpr long few_bytes = 1 << 14;
  if (size * static_cast<long>(sizeof(Number)) <= few_bytes)
    add_everywhere(batch->ranks(), all, plan, own, size, total);
  else
    add_by_slices(batch->ranks(), all, plan, own, size, total);
}

}  // namespace

void sum_over_shards(long leaves, const std::vector<const float*>& own, long size, float* total) {
  sum_shards(leaves, own, size, total);
}
void sum_over_shards(long leaves, const std::vector<const double*>& own, long size, double* total) {
  sum_shards(leaves, own, size, total);
}

}  // namespace excite
