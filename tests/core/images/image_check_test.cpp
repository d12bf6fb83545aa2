// Crafted and damaged JPEG files, which would harm a decoder that trusts them.
#include "core/images/image_check.h"

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

TEST(Image, FindsSuchATableAnywhereInTheFile) {
  const Bytes good = jpeg_of(slope(16, 16)), bad = huffman_segment(17, 16 * 17);
  const std::string error = "a Huffman table has 272 codes, expected at most 256";
  expect_contains(error_of(with_inserted(good, after_start, bad)), error);
  expect_contains(error_of(with_inserted(good, before_end, bad)), error);  // after the scan
  // After stuffing and a restart; then after fill bytes, after padding, and as the second in its
  // segment.
  expect_contains(error_of(with_inserted(good, before_end,
                                         joined({{0x12, 0xff, 0x00, 0xff, 0xd3, 0x34}, bad}))),
                  error);
  expect_contains(error_of(with_inserted(good, before_end, joined({{0xff, 0xff, 0xff}, bad}))),
                  error);
  expect_contains(error_of(with_inserted(good, after_start, joined({{0x00, 0x01}, bad}))), error);
  const Bytes second = joined({{0xff, 0xc4},
                               big_endian(2 + 17 + 17 + 272, 2),
                               Bytes(17, 0),
                               {0x11},
                               Bytes(16, 17),
                               Bytes(272, 0)});
  expect_contains(error_of(with_inserted(good, after_start, second)), error);
}

TEST(Image, AcceptsTheLargestHuffmanTable) {
  // 16 codes of each length. There are not as many codes of 1 to 4 bits, which the decoder refuses.
  Bytes table = huffman_segment(16, 256);
  expect_contains(error_of(with_inserted(jpeg_of(slope(16, 16)), after_start, table)),
                  "cannot be decoded as JPEG: its header is damaged");
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

TEST(Image, RefusesAJpegWithMoreScansThanAnyHas) {
  const Bytes good = jpeg_of(slope(8, 8));
  Bytes scans;
  for (int i = 0; i < 500; i++) scans = joined({scans, {0xff, 0xda, 0, 2}});
  expect_contains(error_of(with_inserted(good, before_end, scans)),
                  "the image has more than 500 scans");
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

TEST(Image, RefusesAJpegCutOffAnywhere) {
  const Bytes good = jpeg_of(slope(16, 16));
  for (std::size_t n = 0; n < good.size(); n++)
    EXPECT_TRUE(
        error_of({good.begin(), good.begin() + static_cast<long>(n)}).starts_with("it.image: "))
        << n << " bytes";
}

// stb_image 2.27 looks up such a code at a wrong position, which fails an assertion.
TEST(Image, AFailedAssertionInTheDecoderIsAFileError) {
  Bytes file = jpeg_of(slope(16, 16));
  Bytes table = huffman_segment(0, 256);
  // 255 codes of 8 bits and one of 9 bits, 111111110, with which the pixels begin.
  table[5 + 7] = 255, table[5 + 8] = 1;
  for (std::size_t v = 0; v < 256; v++) table[21 + v] = 1;
  const Bytes start_of_scan = {0xff, 0xda};
  const long scan =
      std::search(file.begin(), file.end(), start_of_scan.begin(), start_of_scan.end()) -
      file.begin();
  file = with_inserted(file, scan, table);
  const long pixels = scan + static_cast<long>(table.size()) + 14;
  std::fill(file.begin() + pixels, file.end() - 2, std::uint8_t{0});
  file[pixels] = 0xff;
  EXPECT_EQ(error_of(file),
            "it.image: cannot be decoded as JPEG: its Huffman codes contradict each other");
}

}  // namespace
}  // namespace excite
