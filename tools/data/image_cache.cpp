#include "tools/data/image_cache.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/files/input_file.h"
#include "core/parallel.h"

namespace excite {

CachedImages cache_images(Dataset& set, const ResizeCrop& resize_crop, long max_bytes) {
  CachedImages cached;
  bool full = false;
  if (!set.in_files()) return cached;
  auto images = std::make_shared<std::vector<Image>>(set.count());
  std::mutex mutex;
  const auto keep = [&](long i) {
    Image image;
    try {
      image = resize_for_crop(set.open(i), resize_crop);
    } catch (const UnusableFile&) {
      return;
    }
    const std::lock_guard lock(mutex);
    full = full || cached.bytes + std::ssize(image.pixels) > max_bytes;
    if (full) return;
    cached.images++, cached.bytes += std::ssize(image.pixels);
    (*images)[i] = std::move(image);
  };
  // In groups, so that it ends soon after the memory is full.
  constexpr long group = 64;
  for (long begin = 0; begin < set.count() && !full; begin += group)
    parallel_for(std::min(group, set.count() - begin), [&](long i) { keep(begin + i); });
  set.decoded = std::move(images);
  return cached;
}

}  // namespace excite
