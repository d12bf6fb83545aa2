// Which way up an image is. A camera stores the rows of its sensor as they are, and notes in the
// file (in the EXIF tag 0x0112) how they must be turned to be upright.
#pragma once
#include <cstddef>
#include <cstdint>

namespace excite {

// What is done with that note. Pillow and torchvision's data sets ignore it unless they are told
// otherwise.
enum class Exif { apply, ignore };

// From the stored to the upright image: rows and columns are reversed first, then the image is
// transposed, so that a stored row becomes an upright column.
struct Orientation {
  bool transposed = false, rows_reversed = false, columns_reversed = false;
};

// Of the EXIF values 1 to 8; any other value is as 1, upright.
Orientation orientation_of(int exif_value);

// The value in a block of EXIF data, which is a TIFF header with a table of tags. 1 if there is
// none. Damaged data give 1 too: they do no harm to the pixels.
int exif_orientation(const std::uint8_t* data, std::size_t size);

}  // namespace excite
