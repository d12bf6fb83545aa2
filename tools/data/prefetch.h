// Decodes images in the background, so that a training step need not wait for its files.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "tools/data/dataset.h"

namespace excite {

// Decoded images with their labels and their indices in the data set, in the order of the request.
struct Samples {
  std::vector<long> indices;
  std::vector<Image> images;
  std::vector<int> labels;
};

// What is kept of each image. It is called on the background thread that decodes the image, so that
// full-size images do not wait for the others. `index` is the image's index in the data set.
using ImageTransform = std::function<Image(const ImageSource& image, long index)>;
Image identity_transform(const ImageSource& image, long index);

class Prefetch {
 public:
  // Starts to decode in the background if the set is in files. Keeps a reference to the set.
  Prefetch(const Dataset& dataset, std::vector<long> indices, ImageTransform transform);
  Prefetch(const Dataset&&, std::vector<long>, ImageTransform) = delete;  // name the data set
  ~Prefetch();
  Prefetch(Prefetch&&) noexcept;
  Prefetch& operator=(Prefetch&&) noexcept;

  // Waits for all images and returns them; call it once. An UnusableFile is reported on standard
  // error and left out; if the set is strict, it is thrown. So there may be fewer samples than
  // indices, even none. That memory is short or the system cannot read a file is always thrown.
  Samples take();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace excite
