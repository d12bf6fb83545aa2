#include "core/images/png_check.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/files/crc.h"
#include "core/images/image.h"
#include "core/images/orientation.h"

namespace excite {

namespace {

constexpr std::array<std::uint8_t, 8> png_signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

// Width, height, bits per channel, kind of color; compression, filter; 1 if interlaced (PNG
// specification, section 11.2.2).
PngHeader read_header(ByteReader file) {
  PngHeader header;
  header.width = file.big_endian(4), header.height = file.big_endian(4);
  const long bits = file.big_endian(1), color = file.big_endian(1);
  file.skip(2);
  const bool interlaced = file.big_endian(1) == 1;
  file.check(is_image_size(header.height, header.width), "the header gives ", header.height, " x ",
             header.width, " pixels, expected sides of 1 to ", max_image_side, " and at most ",
             max_pixels, " pixels in all");
  constexpr std::array<long, 7> channels_of = {1, 0, 3, 1, 2, 0, 4};
  const long channels = color < std::ssize(channels_of) ? channels_of[color] : 0;
  file.check(channels > 0 && bits >= 1 && bits <= 16, "the header gives the color type ", color,
             " with ", bits, " bits");
  const long pixels = header.height * header.width;
  header.unpacked_bytes = header.height * (1 + (header.width * channels * bits + 7) / 8);
  // Pixels with an alpha that may be added; a part of an interlaced image; pixels of 8 bits or of a
  // palette, made from the first.
  const long decoded = pixels * (channels + 1) * (bits == 16 ? 2 : 1),
             part = interlaced ? decoded / 2 : 0;
  header.decoder_bytes = header.unpacked_bytes + decoded + std::max(part, 4 * pixels);
  return header;
}

}  // namespace

bool looks_like_png(const Bytes& bytes) {
  return bytes.size() >= png_signature.size() &&
         std::equal(png_signature.begin(), png_signature.end(), bytes.begin());
}

// After the signature, a PNG file has chunks: the length, a type of four letters, that many bytes,
// and the CRC-32 of type and bytes (PNG specification, section 5).
PngHeader check_png(const Bytes& bytes, const std::string& name) {
  constexpr long max_ratio = 1032;  // of deflate: 258 bytes from 2 bits
  ByteReader file(bytes, name);
  file.skip(png_signature.size());
  PngHeader header;
  long packed_bytes = 0;
  for (bool ended = false, first = true; !ended; first = false) {
    const std::uint32_t length = file.big_endian(4);
    const std::uint8_t* start = file.here();
    file.check(file.left() >= 4 && file.left() - 4 >= length, "a chunk of ", length,
               " bytes exceeds the file");
    const std::string_view type(reinterpret_cast<const char*>(start), 4);
    ByteReader data = file;
    data.skip(4);
    file.skip(4 + length);
    const std::uint32_t found = crc32(start, 4 + length);
    file.check(file.big_endian(4) == found, "a chunk is damaged: its checksum is wrong");
    const bool ancillary = start[0] & 0x20;  // a lowercase first letter: decoders may skip it
    file.check(ancillary || type == "IHDR" || type == "PLTE" || type == "IDAT" || type == "IEND",
               "an unknown critical chunk");
    file.check(first == (type == "IHDR") && (!first || length == 13),
               "the first chunk, and no other, should be a header of 13 bytes");
    if (first) header = read_header(data);
    if (type == "IDAT") packed_bytes += length;
    header.has_empty_data = header.has_empty_data || (type == "IDAT" && length == 0);
    if (type == "eXIf") header.exif_orientation = exif_orientation(data.here(), length);
    ended = type == "IEND";
  }
  file.check(header.unpacked_bytes <= max_ratio * packed_bytes,
             "the file is cut off: ", header.height, " x ", header.width,
             " pixels do not fit into ", packed_bytes, " compressed bytes");
  return header;
}

// The chunks were checked.
Bytes without_empty_data(const Bytes& png) {
  const std::string name = "png";
  ByteReader file(png, name);
  file.skip(png_signature.size());
  Bytes out(png.data(), file.here());
  while (file.left() > 0) {
    const std::uint8_t* begin = file.here();
    const std::size_t length = file.big_endian(4);
    const bool is_data = std::equal(file.here(), file.here() + 4, "IDAT");
    file.skip(4 + length + 4);
    if (!is_data || length > 0) out.insert(out.end(), begin, file.here());
    if (std::equal(begin + 4, begin + 8, "IEND")) break;
  }
  return out;
}

}  // namespace excite
