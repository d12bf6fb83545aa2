#include "core/images/image.h"

#include <algorithm>
#include <iomanip>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/images/bitmap_check.h"
#include "core/images/jpeg_rows.h"
#include "core/images/other_formats.h"
#include "core/images/png_check.h"
#include "core/images/webp.h"
#include "core/memory_budget.h"

namespace excite {

namespace {

constexpr long channels = 3;

// Tables, the state of a decoder, and what files need that have data which decoders ignore.
constexpr long decoder_constant = 16l << 20;

MemoryReservation reserve_for(const std::string& name, long height, long width, long bytes) {
  return MemoryReservation(bytes, text(name, ": decoding ", height, " x ", width, " pixels"));
}

Orientation turned(int exif_value, Exif exif) {
  return orientation_of(exif == Exif::apply ? exif_value : 1);
}

// A row of pixels with 1 to 4 channels: gray, or red, green and blue, and perhaps alpha.
void to_rgb(const std::uint8_t* pixels, long count, long from_channels, std::uint8_t* rgb) {
  const long green = from_channels >= 3 ? 1 : 0, blue = 2 * green;
  for (long i = 0; i < count; i++, pixels += from_channels) {
    *rgb++ = pixels[0];
    *rgb++ = pixels[green];
    *rgb++ = pixels[blue];
  }
}

// The memory stays reserved as long as the pixels are needed.
ImageSource source_of(StbImage image, MemoryReservation reservation, Orientation orientation) {
  const auto reserved = std::make_shared<MemoryReservation>(std::move(reservation));
  const long height = image.height, width = image.width;
  const auto write_row = [image = std::move(image), reserved](long row, std::uint8_t* rgb) {
    to_rgb(image.pixels + row * image.width * image.channels, image.width, image.channels, rgb);
  };
  return ImageSource(height, width, write_row, orientation);
}

ImageSource open_png(const Bytes& bytes, const std::string& name, Exif exif) {
  const PngHeader header = check_png(bytes, name);
  const long needed = header.decoder_bytes + 2 * std::ssize(bytes);
  MemoryReservation reserved = reserve_for(name, header.height, header.width, needed);
  const Bytes plain = header.has_empty_data ? without_empty_data(bytes) : Bytes();
  StbImage image = decode_with_stb(header.has_empty_data ? plain : bytes, name, "PNG",
                                   needed + decoder_constant);
  return source_of(std::move(image), std::move(reserved), turned(header.exif_orientation, exif));
}

ImageSource open_bitmap(const Bytes& bytes, const std::string& name, const char* format,
                        PlainBitmap (*plain)(const Bytes&, const std::string&)) {
  // Four bytes per pixel of the file give four of the image; a bit per pixel gives three bytes.
  require_memory(2 * std::ssize(bytes), name + ": reading the file");
  const PlainBitmap bitmap = plain(bytes, name);
  const long needed =
      4 * bitmap.height * bitmap.width + std::ssize(bitmap.file) + std::ssize(bytes);
  MemoryReservation reserved = reserve_for(name, bitmap.height, bitmap.width, needed);
  StbImage image = decode_with_stb(bitmap.file, name, format, needed + decoder_constant);
  return source_of(std::move(image), std::move(reserved), {});
}

ImageSource open_webp(const Bytes& bytes, const std::string& name, Exif exif) {
  const WebpHeader header = check_webp(bytes, name);
  // The pixels, and four bytes for each if they are compressed without loss.
  MemoryReservation reserved =
      reserve_for(name, header.height, header.width,
                  (channels + 4) * header.height * header.width + std::ssize(bytes));
  Image image = decode_webp(bytes, name, header);
  auto pixels = std::make_shared<const Bytes>(std::move(image.pixels));
  return source_of({header.height, header.width, channels, pixels->data(), pixels},
                   std::move(reserved), turned(header.exif_orientation, exif));
}

// A byte per sample, and the coefficients of a progressive image.
ImageSource open_jpeg(const Bytes& bytes, const std::string& name, Exif exif) {
  const JpegParts parts = find_jpeg_parts(bytes, name);
  const long needed = parts.samples() * (parts.progressive ? 3 : 1) + std::ssize(bytes);
  const auto reserved =
      std::make_shared<MemoryReservation>(reserve_for(name, parts.height, parts.width, needed));
  const auto write = jpeg_rows(decode_jpeg(bytes, parts, name, needed + decoder_constant),
                               parts.colors, parts.width);
  return ImageSource(
      parts.height, parts.width,
      [write, reserved](long row, std::uint8_t* rgb) { write(row, rgb); },
      turned(parts.exif_orientation, exif));
}

Image all_pixels(const ImageSource& source, const std::string& name) {
  require_memory(channels * source.height() * source.width(),
                 text(name, ": an image of ", source.height(), " x ", source.width(), " pixels"));
  return crop(source, source.whole());
}

}  // namespace

bool is_image_size(long height, long width) {
  const auto fits = [](long side) { return side >= 1 && side <= max_image_side; };
  return fits(height) && fits(width) && height * width <= max_pixels;
}

void require_image_size(long height, long width, const char* what) {
  require(is_image_size(height, width), what, ": an image of ", height, " x ", width,
          " pixels, expected sides of 1 to ", max_image_side, " and at most ", max_pixels,
          " pixels");
}

void require_image(const Image& image, const char* what) {
  require_image_size(image.height, image.width, what);
  const auto expected = static_cast<std::size_t>(channels * image.height * image.width);
  require(image.pixels.size() == expected, what, ": an image of ", image.height, " x ", image.width,
          " pixels has ", image.pixels.size(), " bytes, expected ", expected);
}

ImageSource open_image(const Bytes& bytes, const std::string& name, Exif exif) {
  require<UnusableFile>(std::ssize(bytes) <= max_image_bytes, name, ": has ", bytes.size(),
                        " bytes, expected at most ", max_image_bytes);
  if (looks_like_jpeg(bytes)) return open_jpeg(bytes, name, exif);
  if (looks_like_png(bytes)) return open_png(bytes, name, exif);
  if (looks_like_webp(bytes)) return open_webp(bytes, name, exif);
  if (looks_like_bmp(bytes)) return open_bitmap(bytes, name, "BMP", plain_bmp);
  if (looks_like_pnm(bytes)) return open_bitmap(bytes, name, "PNM", plain_pnm);
  throw UnusableFile(text(name, ": ", why_not_an_image(bytes)));
}

Bytes read_image_file(const std::string& path) {
  const InputFile file(path);
  require<UnusableFile>(file.size() <= max_image_bytes, path, ": has ", file.size(),
                        " bytes, expected at most ", max_image_bytes);
  require_memory(file.size(), path + ": reading the file");
  Bytes bytes(file.size());
  file.read(0, bytes.data(), file.size());
  return bytes;
}

ImageSource open_image(const std::string& path, Exif exif) {
  return open_image(read_image_file(path), path, exif);
}

Image decode_image(const Bytes& bytes, const std::string& name, Exif exif) {
  return all_pixels(open_image(bytes, name, exif), name);
}

Image read_image(const std::string& path, Exif exif) {
  return all_pixels(open_image(path, exif), path);
}

void write_png(const std::string& path, const Image& image) {
  require_image(image, "write_png");
  const Bytes file = encode_png(image.pixels.data(), static_cast<int>(image.height),
                                static_cast<int>(image.width));
  require(!file.empty(), path, ": not saved: not enough memory to encode ", image.height, " x ",
          image.width, " pixels");
  write_atomically(path, [&](FileWriter& out) { out.write(file.data(), file.size()); });
}

}  // namespace excite
