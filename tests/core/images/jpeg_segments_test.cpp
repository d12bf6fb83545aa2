// Crafted and damaged JPEG files, which would harm a decoder that trusts them.
#include "core/images/jpeg_segments.h"

#include "tests/core/images/image_bytes.h"

namespace excite {
namespace {

// A segment with one Huffman table, whose sixteen counts are all `count`, and `values` values.
Bytes huffman_segment(std::uint8_t count, int values) {
  return joined(
      {{0xff, 0xc4}, big_endian(2 + 17 + values, 2), {0x00}, Bytes(16, count), Bytes(values, 0)});
}

// stb_image 2.27 writes the length of each code into an array of 257 bytes without checking their
// number: this table has 4,080. The sanitizer reports it if the check ever accepts such a file.
TEST(Image, RefusesAJpegWhoseHuffmanTableWouldOverrunTheDecoder) {
  const Bytes crafted = joined({{0xff, 0xd8}, huffman_segment(255, 16 * 255), {0xff, 0xd9}});
  EXPECT_EQ(error_of(crafted),
            "it.image: byte 7: a Huffman table has 4080 codes, expected at most 256");
  EXPECT_EQ(error_of(joined({{0xff, 0xd8}, huffman_segment(17, 16 * 17), {0xff, 0xd9}})),
            "it.image: byte 7: a Huffman table has 272 codes, expected at most 256");
}

// The position of the first scan.
long scan_at(const Bytes& jpeg) {
  const Bytes start_of_scan = {0xff, 0xda};
  return std::search(jpeg.begin(), jpeg.end(), start_of_scan.begin(), start_of_scan.end()) -
         jpeg.begin();
}

Bytes golden(const std::string& name) {
  const std::string bytes = get("tests/golden/decoded/" + name);
  return {bytes.begin(), bytes.end()};
}

TEST(Image, FindsSuchATableAnywhereBeforeTheLastScan) {
  const Bytes good = jpeg_of(slope(16, 16)), bad = huffman_segment(17, 16 * 17);
  const std::string error = "a Huffman table has 272 codes, expected at most 256";
  expect_contains(error_of(with_inserted(good, after_start, bad)), error);
  expect_contains(error_of(with_inserted(good, scan_at(good), bad)), error);
  // After stuffing and a restart; then after fill bytes, after padding, and as the second in its
  // segment.
  const Bytes junk = {0x12, 0xff, 0x00, 0xff, 0xd3, 0x34};
  expect_contains(error_of(with_inserted(good, scan_at(good), joined({junk, bad}))), error);
  expect_contains(error_of(with_inserted(good, scan_at(good), joined({{0xff, 0xff, 0xff}, bad}))),
                  error);
  expect_contains(error_of(with_inserted(good, after_start, joined({{0x00, 0x01}, bad}))), error);
  const Bytes second = joined({{0xff, 0xc4},
                               big_endian(2 + 17 + 17 + 272, 2),
                               Bytes(17, 0),
                               {0x11},
                               Bytes(16, 17),
                               Bytes(272, 0)});
  expect_contains(error_of(with_inserted(good, after_start, second)), error);
  // Between two scans.
  const Bytes progressive = golden("33x18_2x2_progressive.jpg");
  const Bytes rest(progressive.begin() + scan_at(progressive) + 2, progressive.end());
  const long next = scan_at(progressive) + 2 + scan_at(rest);
  expect_contains(error_of(with_inserted(progressive, next, bad)), error);
}

// The decoder never sees what is behind the pixels.
TEST(Image, IgnoresWhatFollowsTheLastScan) {
  const Bytes good = jpeg_of(slope(16, 16)), bad = huffman_segment(17, 16 * 17);
  const Image image = decode_image(good, "it");
  for (const Bytes& more : {bad, Bytes{0xff, 0xd8}, Bytes{0xff, 0xc0, 0xff}, Bytes(300, 0xab)})
    EXPECT_EQ(decode_image(with_inserted(good, before_end, more), "it").pixels, image.pixels);
}

TEST(Image, AcceptsTheLargestHuffmanTable) {
  // 16 codes of each length. There are not as many codes of 1 to 4 bits, which the decoder refuses.
  Bytes table = huffman_segment(16, 256);
  expect_contains(error_of(with_inserted(jpeg_of(slope(16, 16)), after_start, table)),
                  "cannot be decoded as JPEG: bad code lengths");
  std::fill(table.begin() + 5, table.begin() + 21, std::uint8_t{0});
  table[5 + 8] = 255, table[5 + 9] = 1;  // 255 codes of 9 bits, one of 10
  EXPECT_EQ(error_of(with_inserted(jpeg_of(slope(16, 16)), after_start, table)), "");
}

TEST(Image, RefusesHuffmanTablesThatExceedTheirSegment) {
  const Bytes good = jpeg_of(slope(16, 16));
  expect_contains(
      error_of(with_inserted(good, after_start, huffman_segment(16, 255))),
      "byte 23: a Huffman table with 256 codes exceeds its segment, which ends at byte 278");
  expect_contains(error_of(with_inserted(good, after_start, {0xff, 0xc4, 0, 18, 0, 0, 0, 0, 0, 0,
                                                             0,    0,    0, 0,  0, 0, 0, 0, 0, 0})),
                  "a Huffman table exceeds its segment");
  expect_contains(error_of(with_inserted(good, after_start, {0xff, 0xe1, 0, 1})),
                  "shorter than its own length");
  expect_contains(error_of({0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0}),
                  "a segment of 65535 bytes exceeds the file");
}

// A scan of the first component that leaves a bit of each coefficient for later scans.
const Bytes unfinished_scan = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 1};

TEST(Image, RefusesAJpegWithMoreScansThanAnyHas) {
  const Bytes good = golden("33x18_2x2_progressive.jpg");
  Bytes scans;
  for (int i = 0; i < 501; i++) scans = joined({scans, unfinished_scan});
  expect_contains(error_of(with_inserted(good, scan_at(good), scans)),
                  "the image has 18 x 33 pixels and 501 scans or more, expected at most 500 scans");
}

// Many scans of a small image cost little, and of a large one seconds, even if they are empty.
TEST(Image, RefusesAJpegWithTooManyScansForItsSize) {
  const Bytes frame = joined({{0xff, 0xd8, 0xff, 0xc2, 0, 11, 8},
                              big_endian(13000, 2),
                              big_endian(13000, 2),
                              {1, 1, 0x11, 0}});
  Bytes scans;
  for (int i = 0; i < 30; i++) scans = joined({scans, unfinished_scan});
  const Bytes pixels(1625 * 1625 / 8, 0), end = {0xff, 0xd9};
  expect_contains(error_of(joined({frame, scans, pixels, end})),
                  "13000 x 13000 pixels and 24 scans or more, expected at most 500 scans, and at "
                  "most 4000000000 pixels times scans");
  expect_contains(error_of(joined({frame, scans, end})),
                  "13000 x 13000 pixels do not fit into the 302 bytes that follow");
}

// stb_image reads beyond the rows of a component whose samples are not a whole fraction of another
// one's.
TEST(Image, RefusesAJpegOfFractionalSampling) {
  Bytes file = jpeg_of(slope(16, 16));
  const Bytes start_of_frame = {0xff, 0xc0};
  const long frame =
      std::search(file.begin(), file.end(), start_of_frame.begin(), start_of_frame.end()) -
      file.begin();
  file[frame + 11] = 0x31, file[frame + 14] = 0x21;
  expect_contains(error_of(file), "a component has 2 x 1 of 3 x 1 samples, expected a whole");
}

// Sums of coefficients that exceed an int, as of CVE-2022-28041: each block adds 32,767, and its
// factor is 65,535.
TEST(Image, DecodesAJpegWhoseCoefficientsOverflow) {
  const Bytes table = joined({{0xff, 0xdb}, big_endian(2 + 129, 2), {0x10}, Bytes(128, 0xff)});
  // Code 0: a number of 15 bits for the mean, and no other number in the block.
  const Bytes codes = {0xff, 0xc4, 0, 2 + 18 + 18, 0x00, 1, 0, 0,  0,    0, 0, 0, 0, 0,
                       0,    0,    0, 0,           0,    0, 0, 15, 0x10, 1, 0, 0, 0, 0,
                       0,    0,    0, 0,           0,    0, 0, 0,  0,    0, 0, 0};
  for (const std::uint8_t kind : Bytes{0xc0, 0xc2}) {
    const Bytes frame = {0xff, kind, 0, 11, 8, 0, 128, 0, 128, 1, 1, 0x11, 0};
    const Bytes scan = {0xff,
                        0xda,
                        0,
                        8,
                        1,
                        1,
                        0,
                        0,
                        std::uint8_t(kind == 0xc0 ? 63 : 0),
                        std::uint8_t(kind == 0xc0 ? 0 : 13)};
    // 0, fifteen 1s, 0: in 17 bits, or 16 without the end of the block.
    Bytes pixels;
    unsigned bits = 0, count = 0;
    for (int block = 0; block < 256; block++)
      for (int bit = 0; bit < (kind == 0xc0 ? 17 : 16); bit++) {
        bits = bits << 1 | unsigned(bit >= 1 && bit <= 15), count++;
        if (count % 8 > 0) continue;
        pixels.push_back(static_cast<std::uint8_t>(bits));
        if (pixels.back() == 0xff) pixels.push_back(0);
      }
    EXPECT_EQ(error_of(joined({{0xff, 0xd8}, table, codes, frame, scan, pixels, {0xff, 0xd9}})),
              "");
  }
}

TEST(Image, AJpegWithAFlippedBitIsDecodedOrRefused) {
  const Bytes good = jpeg_of(slope(16, 16));
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); bit++) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1 << bit % 8));
    const std::string error = error_of(bad);
    EXPECT_TRUE(error.empty() || error.starts_with("it.image: ")) << error;
    refused += !error.empty();
    if (error.empty()) {
      const Image image = decode_image(bad, "it");
      EXPECT_EQ(image.pixels.size(), 3 * image.height * image.width);
    }
  }
  EXPECT_GT(refused, 200);
}

// Without its end marker alone it is complete.
TEST(Image, RefusesAJpegCutOffAnywhereInItsPixels) {
  for (const Bytes& good : {jpeg_of(slope(16, 16)), golden("33x18_2x2_progressive.jpg"),
                            golden("restarts.jpg"), golden("restarts_progressive.jpg")}) {
    const Image image = decode_image(good, "it");
    for (std::size_t n = 0; n < good.size(); n++) {
      const Bytes part(good.begin(), good.begin() + static_cast<long>(n));
      if (n < good.size() - 2)
        EXPECT_TRUE(error_of(part).starts_with("it.image: ")) << n << " bytes";
      else
        EXPECT_EQ(decode_image(part, "it").pixels, image.pixels) << n << " bytes";
    }
  }
}

// stb_image 2.27 looks up such a code at a wrong position, which fails an assertion.
TEST(Image, AFailedAssertionInTheDecoderIsAFileError) {
  Bytes file = jpeg_of(slope(16, 16));
  Bytes table = huffman_segment(0, 256);
  // 255 codes of 8 bits and one of 9 bits, 111111110, with which the pixels begin.
  table[5 + 7] = 255, table[5 + 8] = 1;
  for (std::size_t v = 0; v < 256; v++) table[21 + v] = 1;
  const long scan = scan_at(file);
  file = with_inserted(file, scan, table);
  const long pixels = scan + static_cast<long>(table.size()) + 14;
  std::fill(file.begin() + pixels, file.end() - 2, std::uint8_t{0});
  file[pixels] = 0xff;
  EXPECT_EQ(error_of(file),
            "it.image: cannot be decoded as JPEG: its Huffman codes contradict each other");
}

}  // namespace
}  // namespace excite
