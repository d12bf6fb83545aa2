// Sums over the shards of a batch that ranks share (core/shared_batch.h): each rank has the sums of
// its own shards, and all get the total.
#pragma once
#include <functional>
#include <memory>
#include <vector>

namespace excite {

// total = the tree over the subtrees of all ranks, elementwise. `own` are the sums of this rank's
// largest subtrees, of `size` numbers each, in a tree of `leaves` leaves: a whole number for each
// shard. `total` may be one of `own`. Collective.
void sum_over_shards(long leaves, const std::vector<const float*>& own, long size, float* total);
void sum_over_shards(long leaves, const std::vector<const double*>& own, long size, double* total);

// Gradients of weights are not needed before the step of the optimizer. While one of these exists,
// their sums wait until there is a megabyte of them, and are then exchanged together, by two calls:
// on a network, the time of a call matters more than its bytes. The calls go on while the backward
// pass computes the next megabyte. The order of the additions is the same. Does nothing without a
// SharedBatch.
class CollectedSums {
 public:
  CollectedSums();
  ~CollectedSums();  // sums that still wait, or are on their way, are dropped
  CollectedSums(const CollectedSums&) = delete;
  CollectedSums& operator=(const CollectedSums&) = delete;
  // Exchanges all that wait. Collective.
  void exchange();
  // Exchanges what waits in this thread's innermost CollectedSums, if the sum for `result` is among
  // it.
  static void exchange_if_waiting(const void* result);

  struct Waiting;  // the sums that wait

 private:
  std::unique_ptr<Waiting> waiting_;
  Waiting* outer_;
};

// As sum_over_shards. Then calls finish(), which writes the sum's result: at once, or if sums are
// collected, when they are exchanged. `own` and `total` have to exist until then.
void sum_over_shards_later(long leaves, const std::vector<const float*>& own, long size,
                           float* total, const void* result, std::function<void()> finish);
void sum_over_shards_later(long leaves, const std::vector<const double*>& own, long size,
                           double* total, const void* result, std::function<void()> finish);

}  // namespace excite
