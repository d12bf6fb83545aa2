// Labelled pictures in memory, as bytes: a quarter of what they take as floats, and exactly what the files hold. Batches turn them
// into normalised tensors (tools/data/batch.h).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace excite {

struct Dataset {
  std::string source;                // where it came from, for messages
  std::vector<std::string> classes;  // names; label k is classes[k]
  long height = 32, width = 32;
  std::vector<std::uint8_t> pixels;  // [count, height, width, 3], red, green, blue
  std::vector<int> labels;           // [count]

  long count() const { return static_cast<long>(labels.size()); }
  long picture_bytes() const { return height * width * 3; }
  const std::uint8_t* picture(long i) const { return pixels.data() + i * picture_bytes(); }
};

struct DataSplit {
  Dataset train, test;
};

// The first `limit` pictures, or all if there are no more. UsageError if limit is below 1.
[[nodiscard]] Dataset keep_first(Dataset dataset, long limit);

// The same pictures, shrunk or stretched to `side` pixels a side.
[[nodiscard]] Dataset resized(const Dataset& dataset, long side);

}  // namespace excite
