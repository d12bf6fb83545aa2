// Labelled images, in memory or in files. Those in memory are all of one size, as bytes: a quarter
// of what they take as floats, and exactly what the file of the set holds. Files have any size, and
// each is decoded whenever it is looked at. Batches turn both into normalized tensors
// (tools/data/batch.h).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/images/image.h"

namespace excite {

struct Dataset {
  std::string source;                // where it came from, for messages
  std::vector<std::string> classes;  // names; label k is classes[k]
  long height = 32, width = 32;      // 0, 0 if files differ in size
  std::vector<std::uint8_t>
      pixels;  // [count, height, width, 3], red, green, blue; empty if there are
  std::vector<std::string> files;  // [count]
  std::vector<int> labels;         // [count]
  bool strict = false;  // a file that cannot be decoded is an error; else it is named and left out

  long count() const { return static_cast<long>(labels.size()); }
  bool in_files() const { return !files.empty(); }
  long image_bytes() const { return height * width * 3; }
  const std::uint8_t* pixels_of(long i) const {
    return pixels.data() + i * image_bytes();
  }                                // of those in memory
  Image image(long i) const;       // FileError that names the file if it cannot be decoded
  std::string name(long i) const;  // the file, or the number
};

struct DataSplit {
  Dataset train, test;
};

// The first `limit` images, or all if there are no more. UsageError if limit is below 1.
[[nodiscard]] Dataset keep_first(Dataset dataset, long limit);

// The same images in memory, shrunk or stretched to `side` pixels a side.
[[nodiscard]] Dataset resized(const Dataset& dataset, long side);

}  // namespace excite
