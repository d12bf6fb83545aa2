#include "tools/data/dataset.h"

#include "core/check.h"
#include "core/files/image.h"

namespace excite {

Dataset keep_first(Dataset dataset, long limit) {
  require<UsageError>(limit >= 1, "keep_first: a limit of ", limit, " pictures, expected at least 1");
  if (limit < dataset.count()) {
    dataset.labels.resize(static_cast<std::size_t>(limit));
    dataset.pixels.resize(static_cast<std::size_t>(limit * dataset.picture_bytes()));
    dataset.labels.shrink_to_fit();
    dataset.pixels.shrink_to_fit();
  }
  return dataset;
}

Dataset resized(const Dataset& from, long side) {
  Dataset to{from.source, from.classes, side, side, {}, from.labels};
  for (long i = 0; i < from.count(); i++) {
    const Image image = resize({from.height, from.width, {from.picture(i), from.picture(i) + from.picture_bytes()}}, side, side);
    to.pixels.insert(to.pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return to;
}

}  // namespace excite
