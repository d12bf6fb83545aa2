#include "tools/data/dataset.h"

#include "core/check.h"
#include "core/images/resize.h"

namespace excite {

Image Dataset::image(long i) const {
  require(i >= 0 && i < count(), "image ", i, " was asked for, but ", source, " has ", count(),
          ", from 0 on");
  return in_files() ? read_image(files[i])
                    : Image{height, width, {pixels_of(i), pixels_of(i) + image_bytes()}};
}

std::string Dataset::name(long i) const { return in_files() ? files[i] : std::to_string(i); }

Dataset keep_first(Dataset dataset, long limit) {
  require<UsageError>(limit >= 1, "keep_first: a limit of ", limit, " images, expected at least 1");
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

Dataset resized(const Dataset& from, long side) {
  Dataset to{.source = from.source,
             .classes = from.classes,
             .height = side,
             .width = side,
             .pixels = {},
             .files = {},
             .labels = from.labels};
  for (long i = 0; i < from.count(); i++) {
    const Image image = resize(from.image(i), side, side);
    to.pixels.insert(to.pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return to;
}

}  // namespace excite
