// The size of an image, from a few bytes of its header. This is for folders with so many images
// that reading all of them at the start would take too long.
#pragma once
#include <string>

#include "core/images/orientation.h"

namespace excite {

struct ImageSize {
  long height, width;
  bool operator==(const ImageSize&) const = default;
};

// Of the image as read_image gives it. UnusableFile with the file's name unless it has the header
// of an image that read_image reads, within its limits. The rest of the file is not read.
ImageSize read_image_size(const std::string& path, Exif exif = Exif::apply);

}  // namespace excite
