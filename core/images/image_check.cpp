#include "core/images/image_check.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "core/check.h"
#include "core/files/crc.h"

namespace excite {

namespace {

constexpr std::array<std::uint8_t, 8> png_signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

// A position in the bytes of a file. Every read is checked against the end of the file.
class ByteReader {
 public:
  ByteReader(const Bytes& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::size_t at = 0;

  std::size_t left() const { return bytes_.size() - at; }
  const std::uint8_t* here() const { return bytes_.data() + at; }
  std::uint32_t number(std::size_t count) {  // big-endian, as in both formats
    check(left() >= count, "the file is cut off");
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; i++) value = value << 8 | bytes_[at++];
    return value;
  }
  void skip(std::size_t count) {
    check(left() >= count, "the file is cut off");
    at += count;
  }
  template <class... Parts>
  void check(bool ok, const Parts&... parts) const {
    require<FileError>(ok, name_, ": byte ", at, ": ", parts...);
  }

 private:
  const Bytes& bytes_;
  const std::string& name_;
};

constexpr std::uint32_t fill = 0xff, stuffing = 0x00, start_of_image = 0xd8, end_of_image = 0xd9,
                        start_of_scan = 0xda, huffman_tables = 0xc4;
// Each scan costs a pass over the whole image. A real progressive image has about ten.
constexpr int max_scans = 500;
constexpr std::uint32_t max_codes = 256;

bool is_restart(std::uint32_t marker) { return marker >= 0xd0 && marker <= 0xd7; }

// A segment of Huffman tables, after its length. A table has one byte for class and number, sixteen
// counts (how many codes have 1, ..., 16 bits), and one value per code.
void check_huffman_tables(ByteReader& file, std::size_t end) {
  while (file.at < end) {
    file.check(end - file.at >= 17, "a Huffman table exceeds its segment, which ends at byte ",
               end);
    file.skip(1);
    const std::uint32_t codes = std::accumulate(file.here(), file.here() + 16, 0u);
    file.check(codes <= max_codes, "a Huffman table has ", codes, " codes, expected at most ",
               max_codes);
    file.skip(16);
    file.check(codes <= end - file.at, "a Huffman table with ", codes,
               " codes exceeds its segment, which ends at byte ", end);
    file.skip(codes);
  }
}

// The next marker that is neither stuffing (ff 00 encodes a byte ff of the pixels) nor a restart
// within a scan. Bytes between segments are skipped, as stb_image does.
std::uint32_t next_marker(ByteReader& file) {
  while (true) {
    file.at = static_cast<std::size_t>(std::find(file.here(), file.here() + file.left(), fill) -
                                       file.here()) +
              file.at;
    std::uint32_t marker = fill;
    while (marker == fill) marker = file.number(1);
    if (marker != stuffing && !is_restart(marker)) return marker;
  }
}

}  // namespace

bool looks_like_png(const Bytes& bytes) {
  return bytes.size() >= png_signature.size() &&
         std::equal(png_signature.begin(), png_signature.end(), bytes.begin());
}

bool looks_like_jpeg(const Bytes& bytes) {
  return bytes.size() >= 2 && bytes[0] == fill && bytes[1] == start_of_image;
}

// After the signature, a PNG file has chunks: the length, a type of four letters, that many bytes,
// and the CRC-32 of type and bytes (PNG specification, section 5).
void check_png(const Bytes& bytes, const std::string& name) {
  ByteReader file(bytes, name);
  file.skip(png_signature.size());
  for (bool ended = false; !ended;) {
    const std::uint32_t length = file.number(4);
    const std::uint8_t* start = file.here();
    file.check(file.left() >= 4 && file.left() - 4 >= length, "a chunk of ", length,
               " bytes exceeds the file");
    const std::string_view type(reinterpret_cast<const char*>(start), 4);
    file.skip(4 + length);
    const std::uint32_t found = crc32(start, 4 + length);
    file.check(file.number(4) == found, "a chunk is damaged: its checksum is wrong");
    const bool ancillary = start[0] & 0x20;  // a lowercase first letter: decoders may skip it
    file.check(ancillary || type == "IHDR" || type == "PLTE" || type == "IDAT" || type == "IEND",
               "an unknown critical chunk");
    ended = type == "IEND";
  }
}

// A JPEG file has segments: ff, a marker, and (for most markers) a length that includes itself.
// After a start of scan, compressed pixels follow up to the next marker (ITU-T T.81, annex B).
// Segments between scans may contain new Huffman tables, so the check goes on to the end.
void check_jpeg(const Bytes& bytes, const std::string& name) {
  ByteReader file(bytes, name);
  file.skip(2);
  for (int scans = 0; true;) {
    const std::uint32_t marker = next_marker(file);
    if (marker == end_of_image) return;
    const std::size_t start = file.at, length = file.number(2), end = start + length;
    file.check(length >= 2 && end <= bytes.size(), "a segment of ", length,
               " bytes exceeds the file or is shorter than its own length");
    if (marker == huffman_tables) check_huffman_tables(file, end);
    file.at = end;
    if (marker == start_of_scan)
      file.check(++scans <= max_scans, "the image has more than ", max_scans, " scans");
  }
}

}  // namespace excite
