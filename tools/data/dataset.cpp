#include "tools/data/dataset.h"

#include "core/check.h"

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

}  // namespace excite
