// The size of an image, from a few bytes of its header. This is for folders with so many images
// that reading all of them at the start would take too long.
#pragma once
#include <string>

namespace excite {

struct ImageSize {
  long height, width;
  bool operator==(const ImageSize&) const = default;
};

// FileError with the file's name unless it has the header of a PNG or JPEG image within the limits
// of image.h. The rest of the file is not read.
ImageSize read_image_size(const std::string& path);

}  // namespace excite
