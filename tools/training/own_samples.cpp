#include "tools/training/own_samples.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

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

long fewest_per_batch_norm(const Ranks* ranks, SumOver sums, long images) {
  if (sums == SumOver::whole_batch || !can_share(ranks, images)) return images;
  const BatchSlices slices(images, ranks->count());
  long fewest = images;
  for (long rank = 0; rank < slices.ranks; rank++)
    fewest = std::min(fewest, slices.first_image(rank + 1) - slices.first_image(rank));
  return fewest;
}

namespace {
OwnSamples own_samples(const Ranks* ranks, SumOver sums, Samples samples, long images) {
  const bool is_shared = can_share(ranks, images);
  const auto own = static_cast<double>(samples.images.size());
  double weight = 1;
  if (ranks && sums == SumOver::own_images)
    weight =
        is_shared ? own / static_cast<double>(images) : 1 / static_cast<double>(ranks->count());
  return {std::move(samples), images, is_shared, weight,
          fewest_per_batch_norm(ranks, sums, images)};
}
}  // namespace

OwnSamples agree_on_samples(Ranks* ranks, SumOver sums, Samples samples, long images,
                            const std::function<Samples(std::vector<long> indices)>& read_again) {
  const std::vector<long> remaining =
      can_share(ranks, images) ? all_gather(*ranks, samples.indices) : samples.indices;
  const long left = std::ssize(remaining);
  if (!ranks || left == images) return own_samples(ranks, sums, std::move(samples), left);
  std::vector<long> own = own_part(ranks, remaining);
  const std::size_t expected = own.size();
  Samples again = read_again(std::move(own));
  require<FileError>(again.images.size() == expected, "of ", expected,
                     " images that were decoded before, ", expected - again.images.size(),
                     " could not be decoded again");
  return own_samples(ranks, sums, std::move(again), left);
}

}  // namespace excite
