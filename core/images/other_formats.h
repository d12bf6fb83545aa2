// Names the formats that are not read, so that an error can say what to do.
#pragma once
#include <string>

#include "core/images/byte_reader.h"

namespace excite {

// Why a file that begins so is not an image that can be read, and what to do about it.
std::string why_not_an_image(const Bytes& bytes);

}  // namespace excite
