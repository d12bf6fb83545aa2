// Which images of a batch a rank reads, and what the ranks do where files cannot be decoded.
#pragma once
#include <functional>
#include <vector>

#include "core/shared_batch.h"
#include "tools/data/prefetch.h"

namespace excite {

// The images of a batch that this process computes.
struct OwnSamples {
  Samples samples;
  long images = 0;         // of the whole batch
  bool is_shared = false;  // else this process has all of them
  // The weight of this process's loss in the loss of the batch. Ranks that sum over the whole batch
  // all have its loss, and so the weight 1. Otherwise their weights add up to 1.
  double loss_weight = 1;
  long fewest_per_batch_norm = 0;
};

// The fewest images of a batch of so many that one batch norm sees: all, or those of a rank.
long fewest_per_batch_norm(const Ranks* ranks, SumOver sums, long images);

// The part of the images that this rank reads. It is all of them without ranks, and if the batch
// has fewer shards than there are ranks: then each rank computes the whole batch.
std::vector<long> own_part(const Ranks* ranks, const std::vector<long>& indices);

// What was read of own_part(ranks, indices), where there were `images` indices. If some could not
// be decoded, the batch is smaller, and its shards are others. The ranks then share the remaining
// images anew, and `read_again` reads those of this rank. Collective.
OwnSamples agree_on_samples(Ranks* ranks, SumOver sums, Samples samples, long images,
                            const std::function<Samples(std::vector<long> indices)>& read_again);

}  // namespace excite
