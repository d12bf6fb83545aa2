// Images inside a page: as data URIs, so that the page needs no other file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/images/image_source.h"

namespace excite {

std::string base64(const std::vector<std::uint8_t>& bytes);  // RFC 4648, with padding

// "data:image/png;base64,...", a PNG of these pixels.
std::string png_data_uri(const Image& image);

// The whole image, with the long side at most `side` pixels.
Image thumbnail(const ImageSource& image, long side);

}  // namespace excite
