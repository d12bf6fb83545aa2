// Pictures on their way into memory: files are read and decoded beside what the caller does, so that a step need not wait for the next one's.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "tools/data/dataset.h"

namespace excite {

// Those of the pictures asked for that could be decoded, in the order in which they were asked for.
struct Pictures {
  std::vector<long> numbers;  // in the data set
  std::vector<Image> images;
  std::vector<int> labels;
};

// What is made of a picture while that costs no time of the caller's.
using Preparation = std::function<Image(Image image, long number)>;
Image as_it_is(Image image, long number);

class Reading {
 public:
  // Begins, if the set is in files. Keeps a reference to it.
  Reading(const Dataset& dataset, std::vector<long> pictures, Preparation prepare);
  ~Reading();
  Reading(Reading&&) noexcept;
  Reading& operator=(Reading&&) noexcept;

  // Waits for all, once. A file that cannot be decoded is named on standard error and left out, or an error if the set is strict. None may be
  // left: one more file that could be read is enough for most callers.
  Pictures take();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace excite
