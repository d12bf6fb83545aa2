// Images on their way into memory: files are read and decoded beside what the caller does, so that
// a step need not wait for the next one's.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "tools/data/dataset.h"

namespace excite {

// Those of the images asked for that could be decoded, in the order in which they were asked for.
struct Samples {
  std::vector<long> numbers;  // in the data set
  std::vector<Image> images;
  std::vector<int> labels;
};

// What is made of an image while that costs no time of the caller's.
using Preparation = std::function<Image(Image image, long number)>;
Image as_it_is(Image image, long number);

class Prefetch {
 public:
  // Begins, if the set is in files. Keeps a reference to it.
  Prefetch(const Dataset& dataset, std::vector<long> numbers, Preparation prepare);
  ~Prefetch();
  Prefetch(Prefetch&&) noexcept;
  Prefetch& operator=(Prefetch&&) noexcept;

  // Waits for all, once. A file that cannot be decoded is named on standard error and left out, or
  // an error if the set is strict. None may be left: one more file that could be read is enough for
  // most callers.
  Samples take();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace excite
