#include "core/images/jpeg_segments.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>

#include "core/images/image.h"

namespace excite {

namespace {

// Markers (ITU-T T.81, table B.1).
constexpr std::uint32_t fill = 0xff, stuffing = 0x00, temporary = 0x01, baseline = 0xc0,
                        extended = 0xc1, progressive = 0xc2, huffman_tables = 0xc4,
                        jpeg_extension = 0xc8, arithmetic_tables = 0xcc, start_of_image = 0xd8,
                        end_of_image = 0xd9, start_of_scan = 0xda, quantization_tables = 0xdb,
                        restart_interval = 0xdd, app0 = 0xe0, app1 = 0xe1, app14 = 0xee;
constexpr std::uint32_t max_codes = 256;
// Each scan costs a pass over the image, even if it is empty. Images have up to about twenty; the
// cost allows that for the largest, and hundreds for small ones.
constexpr long max_scans = 500, max_pixels_times_scans = 4'000'000'000;

bool is_restart(std::uint32_t marker) { return marker >= 0xd0 && marker <= 0xd7; }
bool is_frame(std::uint32_t marker) {
  return marker >= baseline && marker <= 0xcf && marker != huffman_tables &&
         marker != jpeg_extension && marker != arithmetic_tables;
}

class Walk {
 public:
  Walk(const Bytes& bytes, const std::string& name) : bytes_(bytes), file_(bytes, name) {}

  JpegParts run() {
    file_.skip(2);
    while (!is_complete() && !parts_.ended) {
      const std::uint32_t marker = next_marker();
      parts_.ended = marker == end_of_image;
      if (!parts_.ended) read_segment(static_cast<std::uint8_t>(marker));
    }
    file_.check(has_every_component(), "the image ends before the pixels of all its components");
    parts_.ended = parts_.ended || ends_here();
    parts_.colors = colors();
    return std::move(parts_);
  }

 private:
  // Skips bytes between segments, stuffing and restarts, as libjpeg does.
  std::uint32_t next_marker() {
    while (true) {
      const void* found = std::memchr(file_.here(), fill, file_.left());
      file_.at =
          found ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes_.data())
                : bytes_.size();
      std::uint32_t marker = fill;
      while (marker == fill) marker = file_.big_endian(1);
      if (marker != stuffing && marker != temporary && !is_restart(marker)) return marker;
    }
  }

  void read_segment(std::uint8_t marker) {
    const std::size_t start = file_.at, length = file_.big_endian(2), end = start + length;
    file_.check(length >= 2 && end <= bytes_.size(), "a segment of ", length,
                " bytes exceeds the file or is shorter than its own length");
    const std::size_t data = file_.at;
    if (is_frame(marker)) read_frame(marker, end);
    if (marker == huffman_tables) check_huffman_tables(end);
    if (marker == restart_interval && length == 4) restarts_ = file_.big_endian(2) > 0;
    if (marker == start_of_scan) read_scan(end);
    if (scans_ == 0) read_application_data(marker, data, end);
    file_.at = end;
    if (marker == start_of_scan) skip_pixels();
    if (is_frame(marker) || marker == huffman_tables || marker == quantization_tables ||
        marker == restart_interval || marker == start_of_scan)
      parts_.parts.push_back({marker, start, file_.at});
  }

  // A table has one byte for class and number, sixteen counts (how many codes have 1, ..., 16
  // bits), and one value per code.
  void check_huffman_tables(std::size_t end) {
    while (file_.at < end) {
      file_.check(end - file_.at >= 17, "a Huffman table exceeds its segment, which ends at byte ",
                  end);
      file_.skip(1);
      const std::uint32_t codes = std::accumulate(file_.here(), file_.here() + 16, 0u);
      file_.check(codes <= max_codes, "a Huffman table has ", codes, " codes, expected at most ",
                  max_codes);
      file_.skip(16);
      file_.check(codes <= end - file_.at, "a Huffman table with ", codes,
                  " codes exceeds its segment, which ends at byte ", end);
      file_.skip(codes);
    }
  }

  // Length, bits, height, width, number of components; of each: id, samples across and down, table.
  void read_frame(std::uint32_t marker, std::size_t end) {
    file_.check(parts_.components.empty(),
                "a second image begins before the first one is complete");
    file_.check(marker == baseline || marker == extended || marker == progressive, "the image is ",
                marker >= 0xc9 ? "arithmetically coded" : "lossless or hierarchical",
                ", which this reader does not support; save it as a baseline or progressive JPEG");
    const std::uint32_t bits = file_.big_endian(1);
    file_.check(bits == 8, "the image has ", bits, " bits per color, expected 8");
    parts_.height = file_.big_endian(2), parts_.width = file_.big_endian(2);
    const std::uint32_t count = file_.big_endian(1);
    file_.check(count == 1 || count == 3 || count == 4, "the image has ", count,
                " components, expected 1, 3 or 4");
    file_.check(file_.at + 3 * count == end, "the header of ", count, " components ends at byte ",
                file_.at + 3 * count, ", but its segment at byte ", end);
    parts_.progressive = marker == progressive;
    for (std::uint32_t i = 0; i < count; i++) {
      JpegComponent c;
      c.id = file_.big_endian(1), c.across = file_.big_endian(1), c.down = c.across & 15;
      c.across >>= 4;
      file_.check(c.across >= 1 && c.across <= 4 && c.down >= 1 && c.down <= 4, "component ", i + 1,
                  " has ", c.across, " x ", c.down, " samples per unit, expected 1 to 4");
      file_.skip(1);
      c.missing_bits.fill(-1);
      parts_.components.push_back(c);
    }
    check_size();
  }

  void check_size() {
    file_.check(is_image_size(parts_.height, parts_.width), "the header gives ", parts_.height,
                " x ", parts_.width, " pixels, expected sides of 1 to ", max_image_side,
                " and at most ", max_pixels, " pixels in all");
    long across = 1, down = 1;
    for (const JpegComponent& c : parts_.components)
      across = std::max(across, c.across), down = std::max(down, c.down);
    const auto units = [](long pixels, long samples) {
      return (pixels + 8 * samples - 1) / (8 * samples);
    };
    for (JpegComponent& c : parts_.components) {
      file_.check(across % c.across == 0 && down % c.down == 0, "a component has ", c.across, " x ",
                  c.down, " of ", across, " x ", down, " samples, expected a whole fraction");
      c.columns = units(parts_.width, across) * c.across;
      c.rows = units(parts_.height, down) * c.down;
    }
    // The shortest code has one bit, and each block of 8 x 8 begins with one.
    const long blocks = units(parts_.width, 1) * units(parts_.height, 1),
               bits = 8 * static_cast<long>(file_.left());
    file_.check(blocks <= bits, "the file is cut off: ", parts_.height, " x ", parts_.width,
                " pixels do not fit into the ", file_.left(), " bytes that follow");
  }

  // Length, number of components; of each: id, tables; then first and last coefficient, and bits
  // missing before and after this scan.
  void read_scan(std::size_t end) {
    file_.check(!parts_.components.empty(), "the JPEG image has no header before its pixels");
    scans_++;
    file_.check(
        scans_ <= max_scans && scans_ * parts_.height * parts_.width <= max_pixels_times_scans,
        "the image has ", parts_.height, " x ", parts_.width, " pixels and ", scans_,
        " scans or more, expected at most ", max_scans, " scans, and at most ",
        max_pixels_times_scans, " pixels times scans");
    const std::uint32_t count = file_.big_endian(1);
    file_.check(count >= 1 && count <= parts_.components.size() && file_.at + 2 * count + 3 == end,
                "a scan of ", count, " components contradicts the header");
    std::vector<JpegComponent*> scanned;
    for (std::uint32_t i = 0; i < count; i++) {
      const std::uint32_t id = file_.big_endian(1);
      file_.skip(1);
      const auto c = std::ranges::find(parts_.components, id, &JpegComponent::id);
      file_.check(c != parts_.components.end(), "a scan of component ", id,
                  ", which the header does not have");
      scanned.push_back(&*c);
    }
    const std::uint32_t first = file_.big_endian(1), last = file_.big_endian(1),
                        bits = file_.big_endian(1) & 15;
    if (parts_.progressive)
      file_.check(first <= last && last < 64 && (count == 1 || last == 0),
                  "a scan of coefficients ", first, " to ", last, " of ", count,
                  " components, expected 0, or a part of 1 to 63 of one component");
    for (JpegComponent* c : scanned)
      for (std::uint32_t k = parts_.progressive ? first : 0; k <= (parts_.progressive ? last : 63);
           k++)
        c->missing_bits[k] = static_cast<std::int8_t>(parts_.progressive ? bits : 0);
  }

  // Up to the next marker that is neither stuffing (ff 00 encodes a byte ff of the pixels) nor a
  // restart; or up to the end of the file.
  void skip_pixels() {
    while (const void* found = std::memchr(file_.here(), fill, file_.left())) {
      const auto* byte = static_cast<const std::uint8_t*>(found);
      const auto* end = bytes_.data() + bytes_.size();
      file_.at = static_cast<std::size_t>(byte - bytes_.data());
      while (byte < end && *byte == fill) byte++;
      if (byte == end) return;
      if (*byte != stuffing && !(restarts_ && is_restart(*byte))) return;
      file_.at = static_cast<std::size_t>(byte + 1 - bytes_.data());
    }
    file_.at = bytes_.size();
  }

  bool is_complete() const {
    return !parts_.components.empty() &&
           std::ranges::all_of(parts_.components, [](const JpegComponent& c) {
             return std::ranges::all_of(c.missing_bits, [](int bits) { return bits == 0; });
           });
  }

  bool has_every_component() const {
    return !parts_.components.empty() &&
           std::ranges::all_of(parts_.components,
                               [](const JpegComponent& c) { return c.missing_bits[0] >= 0; });
  }

  // Whether the next marker ends the image. Behind a complete image anything may follow.
  bool ends_here() {
    try {
      return next_marker() == end_of_image;
    } catch (const UnusableFile&) {
      return false;
    }
  }

  void read_application_data(std::uint32_t marker, std::size_t begin, std::size_t end) {
    const std::string_view data(reinterpret_cast<const char*>(bytes_.data()) + begin, end - begin);
    if (marker == app0 && data.starts_with(std::string_view("JFIF\0", 5))) jfif_ = true;
    if (marker == app14 && data.size() >= 12 && data.starts_with("Adobe"))
      adobe_transform_ = static_cast<std::uint8_t>(data[11]);
    if (marker == app1 && !exif_ && data.starts_with(std::string_view("Exif\0\0", 6))) {
      exif_ = true;
      parts_.exif_orientation = exif_orientation(bytes_.data() + begin, data.size());
    }
  }

  // The rules of libjpeg 6b (default_decompress_parms), for the markers JFIF and Adobe.
  JpegColors colors() const {
    const auto& c = parts_.components;
    if (c.size() == 1) return JpegColors::gray;
    if (c.size() == 4) return adobe_transform_ <= 0 ? JpegColors::cmyk : JpegColors::ycck;
    if (jfif_) return JpegColors::ycbcr;
    if (adobe_transform_ >= 0) return adobe_transform_ == 0 ? JpegColors::rgb : JpegColors::ycbcr;
    const bool named_rgb = c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B';
    return named_rgb ? JpegColors::rgb : JpegColors::ycbcr;
  }

  const Bytes& bytes_;
  ByteReader file_;
  JpegParts parts_;
  long scans_ = 0;
  bool restarts_ = false, jfif_ = false, exif_ = false;
  int adobe_transform_ = -1;  // -1: no Adobe marker
};

}  // namespace

long JpegParts::samples() const {
  long all = 0;
  for (const JpegComponent& c : components) all += 64 * c.columns * c.rows;
  return all;
}

bool looks_like_jpeg(const Bytes& bytes) {
  return bytes.size() >= 2 && bytes[0] == fill && bytes[1] == start_of_image;
}

JpegParts find_jpeg_parts(const Bytes& bytes, const std::string& name) {
  return Walk(bytes, name).run();
}

}  // namespace excite
