// Keeps the images of a data set in files in memory, so that they are decoded once and not in each
// epoch.
#pragma once
#include "tools/data/dataset.h"
#include "tools/data/resize_crop.h"

namespace excite {

struct CachedImages {
  long images = 0, bytes = 0;
};

// Fills dataset.decoded with images as resize_for_crop leaves them, so that they take little memory
// and the same again changes nothing: every batch has the same bits as without. It keeps as many as
// fit into max_bytes. A file that cannot be decoded is not kept, so its error comes when it is
// used.
CachedImages cache_images(Dataset& dataset, const ResizeCrop& resize_crop, long max_bytes);

}  // namespace excite
