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

// Reads on through a file's bytes, each read checked against its end.
class Walker {
 public:
  Walker(const Bytes& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

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
constexpr int max_scans =
    500;  // a real progressive image has about ten; each costs a pass over the whole image
constexpr std::uint32_t max_codes = 256;

bool is_restart(std::uint32_t marker) { return marker >= 0xd0 && marker <= 0xd7; }

// A segment of Huffman tables, from after its length: class and number, how many codes have 1, ...,
// 16 bits, and as many values.
void check_huffman_tables(Walker& file, std::size_t end) {
  while (file.at < end) {
    file.check(end - file.at >= 17, "a Huffman table exceeds its segment, which ends at byte ",
               end);
    file.skip(1);
    const std::uint32_t codes = std::accumulate(file.here(), file.here() + 16, 0u);
    file.check(codes <= max_codes, "a Huffman table has ", codes, " codes, at most ", max_codes,
               " are possible");
    file.skip(16);
    file.check(codes <= end - file.at, "a Huffman table with ", codes,
               " codes exceeds its segment, which ends at byte ", end);
    file.skip(codes);
  }
}

// The next marker that is neither stuffing (ff 00 stands for a byte ff of the pixels) nor a restart
// within a scan. Bytes between segments are passed over, as stb_image does.
std::uint32_t next_marker(Walker& file) {
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

// After the signature, chunks: length, type in four letters, so many bytes, CRC-32 of type and
// bytes (PNG specification, section 5).
void check_png(const Bytes& bytes, const std::string& name) {
  Walker file(bytes, name);
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
    const bool optional = start[0] & 0x20;  // a small first letter
    file.check(optional || type == "IHDR" || type == "PLTE" || type == "IDAT" || type == "IEND",
               "an unknown chunk that must not be passed over");
    ended = type == "IEND";
  }
}

// Segments: ff, a marker, and but for a few a length that counts itself; after a start of scan,
// compressed pixels up to the next marker (ITU-T T.81, annex B). Segments between scans may bring
// new Huffman tables, so the walk goes on to the end.
void check_jpeg(const Bytes& bytes, const std::string& name) {
  Walker file(bytes, name);
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
