// Sums over a batch. The batch is cut into shards, and the sums of the shards are added in a fixed
// binary tree. Both follow from the size of the batch alone, so a sum has the same bits on any
// number of threads, and also where several processes share the batch (core/shared_batch.h).
//
// The tree over the shards from `first` to `last` - 1 is
//   tree(first, last) = the sum of the shard                              if last - first is 1,
//                     = tree(first, first + m) + tree(first + m, last)    else,
// where m is the largest power of two below last - first. Seven shards give
//   ((0 + 1) + (2 + 3)) + ((4 + 5) + 6)
// Adding neighbors in pairs, then the results in pairs, and so on, is the same: a last result
// without a neighbor is kept for the next round.
#pragma once
#include <algorithm>
#include <bit>
#include <type_traits>
#include <vector>

#include "core/parallel.h"
#include "core/subtrees.h"

namespace excite {

// The images of a batch in nearly equal, contiguous ranges. There is one shard for each two images,
// but at least min(batch, 16) and at most 1024; an empty batch has one empty shard. Where ranks
// share the batch (core/shared_batch.h), `batch` and `count` are of the whole batch, and the
// constructor's images and those of begin and end are this rank's own.
struct Shards {
  static constexpr long max_count = 1024;
  static long count_of(long images);
  long batch, count;
  explicit Shards(long images);
  static Shards of_this_process(long images) { return Shards(images, {}); }  // never shared
  OwnLeaves own() const { return {count, first_, last_}; }
  long begin(long shard) const { return batch * shard / count - first_image_; }
  long end(long shard) const { return begin(shard + 1); }

 private:
  struct Unshared {};
  Shards(long images, Unshared);
  long first_, last_, first_image_;
};

// The rows of a batch, `rows_per_image` for each image. If there are fewer than 64 shards, each is
// cut into 2, 4, 8, ... nearly equal parts of at least `min_rows`, which count as shards of their
// own. The parts of a shard are a subtree. So the tree is that over the shards of images, continued
// downwards.
class RowShards {
 public:
  RowShards(long images, long rows_per_image, long min_rows)
      : RowShards(Shards(images), rows_per_image, min_rows) {}
  RowShards(const Shards& shards, long rows_per_image, long min_rows);
  long count() const { return shards_.count * parts_; }
  OwnLeaves own() const {
    const OwnLeaves images = shards_.own();
    return {count(), images.first * parts_, images.last * parts_};
  }
  long begin(long shard) const;  // in rows
  long end(long shard) const { return begin(shard + 1); }

 private:
  Shards shards_;
  long rows_per_image_, parts_;
};

// ---- the order of the additions ----

// A thread that adds the shards 0, ..., count - 1 in this order keeps few sums: one of a complete
// subtree of 2^level shards waits at each level, until the sum to its right is known. (The waiting
// levels are the binary digits of the number of shards so far.)
struct TreeStep {
  // Bit l is set if the sum that waits at level l is added to the new shard's, the lowest first.
  unsigned long added;
  int level;  // where the result waits
};
// The sum of all shards ends at this level, the lowest with 2^level >= count.
inline int tree_levels(long count) {
  int levels = 0;
  while (1l << levels < count) levels++;
  return levels;
}
inline TreeStep tree_step(long shard, long count) {
  const auto waiting = static_cast<unsigned long>(shard);
  if (shard + 1 == count) return {waiting, tree_levels(count)};
  const int level = std::countr_one(waiting);
  return {(1ul << level) - 1, level};
}

// How many shards a call of a parallel loop adds: a power of two, so that they are a subtree. There
// are `parts` independent sums, of parts of a weight for example, and at least eight calls for each
// thread if the shards are enough. So the sums in memory grow with the number of threads, and with
// the levels of a subtree. The result is the same for any power of two.
long shards_per_subtree(long count, long parts = 1);

// The tree over the sums leaf(first), ..., leaf(last - 1), on the calling thread.
template <class Leaf>
auto subtree_sum(long first, long last, const Leaf& leaf) {
  using Sum = std::invoke_result_t<Leaf, long>;
  const long count = last - first;
  std::vector<Sum> waiting(tree_levels(count) + 1);
  for (long shard = 0; shard < count; shard++) {
    Sum sum = leaf(first + shard);
    const TreeStep step = tree_step(shard, count);
    for (int level = 0; step.added >> level; level++)
      if (step.added >> level & 1) {
        add_to(waiting[level], sum);
        sum = std::move(waiting[level]);
      }
    waiting[step.level] = std::move(sum);
  }
  return std::move(waiting.back());
}

// Subtrees of these leaves that threads can compute side by side, and their sums.
inline std::vector<Subtree> subtrees_of_threads(const OwnLeaves& own) {
  return subtrees(own, shards_per_subtree(own.last - own.first));
}
template <class Leaf>
auto sums_of(const std::vector<Subtree>& parts, const Leaf& leaf) {
  std::vector<std::invoke_result_t<Leaf, long>> sums(parts.size());
  parallel_for(std::ssize(sums),
               [&](long i) { sums[i] = subtree_sum(parts[i].first, parts[i].last, leaf); });
  return sums;
}

// The tree over the sums of all leaves, of which this process computes its own by leaf(first), ...,
// leaf(last - 1). A sum is a number, a vector of doubles or a Tensor; leaf may be called on several
// threads at once.
template <class Leaf>
auto tree_sum(const OwnLeaves& own, const Leaf& leaf) {
  const std::vector<Subtree> parts = subtrees_of_threads(own);
  return sum_of_subtrees(own.count, parts, sums_of(parts, leaf));
}
// The same without ranks, over leaf(0), ..., leaf(count - 1). Requires count > 0.
template <class Leaf>
auto tree_sum(long count, const Leaf& leaf) {
  return tree_sum(OwnLeaves{count, 0, count}, leaf);
}

}  // namespace excite
