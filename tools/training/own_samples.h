// Which images of a batch a rank reads, and what the ranks do where files cannot be decoded.
#pragma once
#include <functional>
#include <vector>

#include "core/ranks.h"
#include "tools/data/prefetch.h"

namespace excite {

// The images of a batch that this process computes.
struct OwnSamples {
  Samples samples;
  long images = 0;         // of the whole batch
  bool is_shared = false;  // else this process has all of them
};

// The part of the images that this rank reads. It is all of them without ranks, and if the batch
// has fewer shards than there are ranks: then each rank computes the whole batch.
std::vector<long> own_part(const Ranks* ranks, const std::vector<long>& indices);

// What was read of own_part(ranks, indices), where there were `images` indices. If some could not
// be decoded, the batch is smaller, and its shards are others. The ranks then share the remaining
// images anew, and `read_again` reads those of this rank. Collective.
OwnSamples agree_on_samples(Ranks* ranks, Samples samples, long images,
                            const std::function<Samples(std::vector<long> indices)>& read_again);

}  // namespace excite
