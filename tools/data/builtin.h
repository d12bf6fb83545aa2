// The built-in data set: ten kinds of figures, drawn by this program, so that training works
// without a download. Each image is a function of its index, computed in integers alone, so every
// machine draws the same bytes.
#pragma once
#include <cstdint>

#include "tools/data/dataset.h"

namespace excite {

constexpr long builtin_train_count = 10'000, builtin_test_count = 2'000;

// The first `train` of 10,000 training images and the first `test` of 2,000 test images. Each of
// the ten classes is equally frequent.
DataSplit draw_builtin(long train = builtin_train_count, long test = builtin_test_count);

// Writes image `index` (0 to 11,999; its label is index % 10) to pixels: 32 x 32 x 3 bytes.
void draw_builtin_image(long index, std::uint8_t* pixels);

}  // namespace excite
