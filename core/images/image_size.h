// How large an image is, from the few bytes of its header that say so: for folders with more images
// than one wants to read at the start.
#pragma once
#include <string>

namespace excite {

struct ImageSize {
  long height, width;
  bool operator==(const ImageSize&) const = default;
};

// FileError, naming the file, if it has no header of a PNG or JPEG image within the limits of
// image.h. What comes after is not looked at.
ImageSize read_image_size(const std::string& path);

}  // namespace excite
