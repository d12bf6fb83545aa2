// The built-in data set: ten kinds of figures, drawn by this program, so that a training can start
// where there is no data yet. Each image follows from its own number alone and from integer
// arithmetic, so every machine draws the same bytes.
#pragma once
#include <cstdint>

#include "tools/data/dataset.h"

namespace excite {

constexpr long builtin_train_count = 10'000, builtin_test_count = 2'000;

// The first of 10,000 images to train on and of 2,000 others to test with, each of the ten classes
// equally often.
DataSplit draw_builtin(long train = builtin_train_count, long test = builtin_test_count);

// Image `number` (0 ... 11,999; label number % 10) into 32 x 32 x 3 bytes.
void draw_builtin_image(long number, std::uint8_t* pixels);

}  // namespace excite
