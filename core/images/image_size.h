// How large a picture is, from the few bytes of its header that say so: for folders with more pictures than one wants to read at the start.
#pragma once
#include <string>

namespace excite {

struct PictureSize {
  long height, width;
  bool operator==(const PictureSize&) const = default;
};

// FileError, naming the file, if it has no header of a PNG or JPEG picture within the limits of image.h. What comes after is not looked at.
PictureSize read_picture_size(const std::string& path);

}  // namespace excite
