// WebP images, by Debian's libwebp.
#pragma once
#include <string>

#include "core/images/byte_reader.h"
#include "core/images/image.h"

namespace excite {

struct WebpHeader {
  long height = 0, width = 0;  // as stored
  int exif_orientation = 1;
};

bool looks_like_webp(const Bytes& bytes);  // by its first bytes

// UnusableFile if the file is damaged, cut off or an animation.
WebpHeader check_webp(const Bytes& bytes, const std::string& name);
// Of a file that was checked; as stored. bad_alloc if the system has not enough memory.
Image decode_webp(const Bytes& bytes, const std::string& name, const WebpHeader& header);

}  // namespace excite
