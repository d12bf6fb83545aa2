// The first eight bytes are sizes and a window, all of them pixels: resizes them in both ways.
#include "core/images/resize.h"

#include "core/check.h"
#include "tests/fuzz/fuzz.h"

int fuzz_resize(const std::uint8_t* data, std::size_t size) {
  using namespace excite;
  if (size < 8) return 0;
  const long height = 1 + data[0], width = 1 + data[1];
  Image image{height, width, std::vector<std::uint8_t>(height * width * 3)};
  for (std::size_t i = 0; i < image.pixels.size(); i++) image.pixels[i] = data[i % size];
  const ImageSource source(image);
  const Window window{data[2] - 8, data[3] - 8, data[4], data[5]};
  try {
    resize(source, window, 1 + data[6] % 40, 1 + data[7] % 40);
    resize_bicubic(source, window, 1 + data[6] % 40, 1 + data[7] % 40);
  } catch (const Error&) {}
  return 0;
}
