// An image whose rows are made one at a time. A decoded photo keeps its colors at a quarter of its
// resolution and needs half as much memory as its pixels; resizing it row by row never needs all
// pixels at once.
#pragma once
#include <cstdint>
#include <functional>

#include "core/images/image.h"
#include "core/images/orientation.h"

namespace excite {

// A part of an image, in pixels.
struct Window {
  long top, left, height, width;
};

class ImageSource {
 public:
  // Writes row `row` as [width, 3] bytes, RGB. Rows are asked for in any order, by one thread.
  using WriteRow = std::function<void(long row, std::uint8_t* rgb)>;
  // height and width as stored.
  ImageSource(long height, long width, WriteRow write_row, Orientation orientation = {});
  explicit ImageSource(const Image& image);  // refers to it
  explicit ImageSource(Image&&) = delete;    // name the image

  // Of the upright image.
  long height() const { return transposed() ? columns_ : rows_; }
  long width() const { return transposed() ? rows_ : columns_; }
  Window whole() const { return {0, 0, height(), width()}; }

  // If `transposed`, line i is column i of the upright image, otherwise its row i. [line_length, 3]
  bool transposed() const { return orientation_.transposed; }
  long lines() const { return rows_; }
  long line_length() const { return columns_; }
  void write_line(long line, std::uint8_t* rgb) const;

 private:
  long rows_, columns_;
  WriteRow write_row_;
  Orientation orientation_;
};

// The bytes of an image file. FileError if it cannot be read, or has more than max_image_bytes.
std::vector<std::uint8_t> read_image_file(const std::string& path);

// As read_image and decode_image, without making all pixels at once.
ImageSource open_image(const std::string& path, Exif exif = Exif::apply);
ImageSource open_image(const std::vector<std::uint8_t>& bytes, const std::string& name,
                       Exif exif = Exif::apply);

// Error, beginning with the operation's name `what`, unless the window is inside the upright image.
void require_inside(const ImageSource& source, const Window& window, const char* what);

// The upright pixels of a window.
Image crop(const ImageSource& source, const Window& window);

}  // namespace excite
