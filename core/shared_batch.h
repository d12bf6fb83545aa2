// A batch that several ranks compute together. Each has a contiguous range of the shards, and so of
// the images. While a SharedBatch exists, every sum over the images (core/tree_sum.h) is one over
// the whole batch, unless it says otherwise (SumOver): a rank adds its own shards, and the ranks
// exchange what they have. The tree of the additions is that of one process, and so are the bits of
// the sum.
#pragma once
#include <vector>

#include "core/ranks.h"
#include "core/shape.h"
#include "core/tree_sum.h"

namespace excite {

// Which shards and images of a batch a rank has. Ranks get nearly equal numbers of shards. Where
// a range cannot be one subtree, its ends are rounded to a small power of two of shards: fewer
// subtrees, fewer sums to send.
struct BatchSlices {
  long images, shards, ranks;
  BatchSlices(long batch, long rank_count);
  bool is_possible() const { return ranks <= shards; }  // every rank gets at least one shard
  long first_shard(long rank) const;                    // of all: 0 to shards
  long first_image(long rank) const { return images * first_shard(rank) / shards; }
};

// What a sum over the images is: one over the whole batch, or over those of each rank alone. With
// the second one, a rank computes as one process would on its own images.
enum class SumOver { whole_batch, own_images };

class SharedBatch {
 public:
  // A batch of so many images in all. Error if it has fewer shards than there are ranks.
  SharedBatch(Ranks& ranks, long images, SumOver sums = SumOver::whole_batch);
  ~SharedBatch();
  SharedBatch(const SharedBatch&) = delete;
  SharedBatch& operator=(const SharedBatch&) = delete;
  // The innermost one of this thread; nullptr if there is none.
  static const SharedBatch* current();
  // The same if sums are over the whole batch; nullptr otherwise.
  static const SharedBatch* current_for_sums();

  Ranks& ranks() const { return ranks_; }
  const BatchSlices& slices() const { return slices_; }
  long images() const { return slices_.images; }  // of the whole batch
  long first_image() const { return slices_.first_image(ranks_.rank()); }
  long last_image() const { return slices_.first_image(ranks_.rank() + 1); }
  std::vector<long> images_of_ranks() const;  // how many each has
  // Error unless this rank has so many images.
  void require_own(long images) const;

 private:
  Ranks& ranks_;
  BatchSlices slices_;
  SumOver sums_;
  const SharedBatch* outer_;
};

// The images that are summed over, of which this process has `own` ones: all of the batch; `own`
// without ranks, or if sums are over the own images.
long whole_batch(long own);
// The same for the rows of x, whose first dimension is the images.
long whole_rows(const Shape& x);

// The same for all numbers of x. A tensor without dimensions is one number, which ranks share.
long whole_size(const Shape& x);

// The values of all images that are summed over, from those of the own images. Each image has
// equally many.
template <class T>
std::vector<T> gather_batch(const std::vector<T>& own) {
  const SharedBatch* batch = SharedBatch::current_for_sums();
  if (!batch) return own;
  std::vector<long> counts = batch->images_of_ranks();
  const long per_image = std::ssize(own) / counts[batch->ranks().rank()];
  for (long& count : counts) count *= per_image;
  return all_gather(batch->ranks(), own.data(), counts);
}

}  // namespace excite
