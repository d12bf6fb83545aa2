#include "tools/training/own_samples.h"

#include <utility>

#include "core/check.h"
#include "core/shared_batch.h"

namespace excite {

namespace {
bool can_share(const Ranks* ranks, long images) {
  return ranks && BatchSlices(images, ranks->count()).is_possible();
}
}  // namespace

std::vector<long> own_part(const Ranks* ranks, const std::vector<long>& indices) {
  const long images = std::ssize(indices);
  if (!can_share(ranks, images)) return indices;
  const BatchSlices slices(images, ranks->count());
  return {indices.begin() + slices.first_image(ranks->rank()),
          indices.begin() + slices.first_image(ranks->rank() + 1)};
}

OwnSamples agree_on_samples(Ranks* ranks, Samples samples, long images,
                            const std::function<Samples(std::vector<long> indices)>& read_again) {
  const std::vector<long> remaining =
      can_share(ranks, images) ? gather(*ranks, samples.indices) : samples.indices;
  const long left = std::ssize(remaining);
  const bool is_shared = can_share(ranks, left);
  if (!ranks || left == images) return {std::move(samples), left, is_shared};
  std::vector<long> own = own_part(ranks, remaining);
  const std::size_t expected = own.size();
  Samples again = read_again(std::move(own));
  require<FileError>(again.images.size() == expected, "of ", expected,
                     " images that were decoded before, ", expected - again.images.size(),
                     " could not be decoded again");
  return {std::move(again), left, is_shared};
}

}  // namespace excite
