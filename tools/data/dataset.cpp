#include "tools/data/dataset.h"

#include "core/check.h"
#include "core/images/resize.h"

namespace excite {

Image Dataset::image(long i) const {
  require(i >= 0 && i < count(), source, ": there is no image ", i, "; it has ", count(),
          " images, numbered from 0");
  return in_files() ? read_image(files[i])
                    : Image{height, width, {pixels_of(i), pixels_of(i) + image_bytes()}};
}

std::string Dataset::name(long i) const { return in_files() ? files[i] : std::to_string(i); }

Dataset keep_first(Dataset dataset, long limit) {
  require<UsageError>(limit >= 1, "keep_first: the limit is ", limit,
                      ", expected at least 1 image");
  if (limit < dataset.count()) {
    dataset.labels.resize(limit);
    dataset.labels.shrink_to_fit();
    if (dataset.in_files())
      dataset.files.resize(limit);
    else
      dataset.pixels.resize(limit * dataset.image_bytes());
    dataset.pixels.shrink_to_fit();
  }
  return dataset;
}

Dataset resized(const Dataset& dataset, long side) {
  Dataset result{.source = dataset.source,
                 .classes = dataset.classes,
                 .height = side,
                 .width = side,
                 .pixels = {},
                 .files = {},
                 .labels = dataset.labels};
  for (long i = 0; i < dataset.count(); i++) {
    const Image image = resize(dataset.image(i), side, side);
    result.pixels.insert(result.pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return result;
}

}  // namespace excite
