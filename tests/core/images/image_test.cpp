#include "core/images/image.h"

#include <cmath>
#include <numeric>

#include "core/files/crc.h"
#include "core/images/image_check.h"
#include "core/images/image_size.h"
#include "core/random.h"
#include "tests/support/scratch.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace excite {
namespace {

void append(void* to, void* data, int count) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  static_cast<Bytes*>(to)->insert(static_cast<Bytes*>(to)->end(), from, from + count);
}

Bytes png_of(int height, int width, int channels, const Bytes& pixels) {
  Bytes file;
  stbi_write_png_to_func(append, &file, width, height, channels, pixels.data(), 0);
  return file;
}
Bytes jpeg_of(const Image& image) {
  Bytes file;
  stbi_write_jpg_to_func(append, &file, static_cast<int>(image.width),
                         static_cast<int>(image.height), 3, image.pixels.data(), 95);
  return file;
}

Image noise(long height, long width) {
  Rng rng(3);
  Image image{height, width, Bytes(3 * height * width)};
  for (auto& p : image.pixels) p = static_cast<std::uint8_t>(rng.below(256));
  return image;
}
Image slope(long height, long width) {  // smooth, so that JPEG changes it little
  Image image{height, width, {}};
  for (long y = 0; y < height; y++) {
    for (long x = 0; x < width; x++) {
      for (long value : {40 + 4 * x, 40 + 4 * y, 100 + x + y})
        image.pixels.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return image;
}

std::string error_of(const Bytes& bytes) {
  return file_error([&] { decode_image(bytes, "it.image"); });
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
Bytes big_endian(std::size_t value, int count) {
  Bytes out;
  for (int i = count - 1; i >= 0; i--) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  return out;
}

// ---- PNG ----

Bytes chunk(const std::string& type, const Bytes& data) {
  const Bytes body = joined({Bytes(type.begin(), type.end()), data});
  return joined({big_endian(data.size(), 4), body, big_endian(crc32(body.data(), body.size()), 4)});
}
const Bytes signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
Bytes header_chunk(std::size_t width, std::size_t height, std::uint8_t depth, std::uint8_t color) {
  return chunk("IHDR",
               joined({big_endian(width, 4), big_endian(height, 4), {depth, color, 0, 0, 0}}));
}
// Uncompressed zlib data: one block of at most 65,535 bytes.
Bytes stored(const Bytes& raw) {
  const auto n = static_cast<std::uint8_t>(raw.size() & 255),
             m = static_cast<std::uint8_t>(raw.size() >> 8);
  return joined(
      {{0x78, 0x01, 0x01, n, m, static_cast<std::uint8_t>(~n), static_cast<std::uint8_t>(~m)},
       raw,
       {0, 0, 0, 0}});
}
Bytes png_with(const Bytes& header, const Bytes& raw) {
  return joined({signature, header, chunk("IDAT", stored(raw)), chunk("IEND", {})});
}

TEST(Image, APngRoundTripKeepsThePixels) {
  ScratchFolder folder;
  for (const auto& [h, w] : {std::pair(1, 1), {1, 40}, {33, 17}}) {
    const Image image = noise(h, w);
    write_png(folder / "a.png", image);
    const Image back = read_image(folder / "a.png");
    EXPECT_EQ(back.height, h);
    EXPECT_EQ(back.width, w);
    EXPECT_EQ(back.pixels, image.pixels);
  }
  EXPECT_EQ(folder.files().size(), 1u);
}

TEST(Image, ConvertsGrayPaletteAndSixteenBitsToRgb) {
  EXPECT_EQ(decode_image(png_of(1, 2, 1, {7, 200}), "gray").pixels,
            (Bytes{7, 7, 7, 200, 200, 200}));
  EXPECT_EQ(decode_image(
                png_with(header_chunk(1, 1, 16, 2), {0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}), "16")
                .pixels,
            (Bytes{0x12, 0x56, 0x9a}));
  const Bytes palette =
      joined({signature, header_chunk(2, 1, 8, 3), chunk("PLTE", {1, 2, 3, 4, 5, 6}),
              chunk("IDAT", stored({0, 1, 0})), chunk("IEND", {})});
  EXPECT_EQ(decode_image(palette, "palette").pixels, (Bytes{4, 5, 6, 1, 2, 3}));
}

TEST(Image, DropsAlphaAndKeepsTheColorUnderIt) {
  EXPECT_EQ(decode_image(png_of(1, 2, 4, {1, 2, 3, 0, 4, 5, 6, 128}), "rgba").pixels,
            (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(decode_image(png_of(1, 2, 2, {9, 0, 8, 255}), "gray and alpha").pixels,
            (Bytes{9, 9, 9, 8, 8, 8}));
}

TEST(Image, RefusesAPngWithAnyBitFlippedOrCutOffAnywhere) {
  const Bytes good = png_of(2, 3, 3, noise(2, 3).pixels);
  ASSERT_EQ(error_of(good), "");
  for (std::size_t bit = 0; bit < 8 * good.size(); bit++) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(error_of(bad).starts_with("it.image: ")) << "bit " << bit;
  }
  for (std::size_t n = 0; n < good.size(); n++)
    EXPECT_TRUE(
        error_of({good.begin(), good.begin() + static_cast<long>(n)}).starts_with("it.image: "))
        << n << " bytes";
}

TEST(Image, RefusesSizesBeyondTheLimitsBeforeAnythingIsAllocated) {
  EXPECT_EQ(error_of(png_with(header_chunk(16385, 1, 8, 2), {})),
            "it.image: cannot be decoded as PNG: its header is damaged, or gives a side of 0 or "
            "more than 16384 pixels");
  EXPECT_EQ(error_of(png_with(header_chunk(1, 0x7fffffff, 8, 2), {})),
            "it.image: cannot be decoded as PNG: its header is damaged, or gives a side of 0 or "
            "more than 16384 pixels");
  expect_contains(error_of(png_with(header_chunk(16384, 4097, 8, 2), {})),
                  "it has 4097 x 16384 pixels, expected at most 67108864");
  expect_contains(error_of(png_with(header_chunk(0, 1, 8, 2), {})), "gives a side of 0");
  // Within the limits it goes on to the pixels, which are missing.
  expect_contains(error_of(png_with(header_chunk(16384, 4096, 8, 2), {0})), "not enough pixels");
}

TEST(Image, RefusesAFileThatUnpacksToFarMoreThanItsPixels) {
  // Deflate: one block of fixed codes, a zero byte, and then 500,000 times "repeat the last 258
  // bytes", of 13 bits each, for some 130 MB.
  Bytes zlib = {0x78, 0x01};
  unsigned bits = 0, count = 0;
  const auto put_bits = [&](unsigned value, unsigned n) {
    for (bits |= value << count, count += n; count >= 8; bits >>= 8, count -= 8)
      zlib.push_back(static_cast<std::uint8_t>(bits));
  };
  put_bits(1, 1), put_bits(1, 2);
  put_bits(0b00001100, 8);  // the literal 0: code 00110000, reversed
  for (int i = 0; i < 500000; i++)
    put_bits(0b10100011, 8), put_bits(0, 5);  // length 258: code 11000101, reversed; distance 1
  put_bits(0, 7), put_bits(0, 7);
  const Bytes bomb =
      joined({signature, header_chunk(1, 1, 8, 2), chunk("IDAT", zlib), chunk("IEND", {})});
  EXPECT_EQ(error_of(bomb), "it.image: cannot be decoded as PNG: outofmem");
}

TEST(Image, RefusesAnUnknownPngChunkOnlyIfItIsCritical) {
  const Bytes pixels = chunk("IDAT", stored({0, 1, 2, 3})), end = chunk("IEND", {});
  EXPECT_EQ(
      error_of(joined({signature, header_chunk(1, 1, 8, 2), chunk("teXt", {1, 2}), pixels, end})),
      "");
  expect_contains(
      error_of(joined({signature, header_chunk(1, 1, 8, 2), chunk("TEXT", {1, 2}), pixels, end})),
      "an unknown critical chunk");
}

// ---- JPEG ----

TEST(Image, ReadsAJpeg) {
  ScratchFolder folder;
  const Image image = slope(24, 31);
  const Bytes file = jpeg_of(image);
  put(folder / "a.jpg", std::string(file.begin(), file.end()));
  const Image back = read_image(folder / "a.jpg");
  ASSERT_EQ(back.height, 24);
  ASSERT_EQ(back.width, 31);
  ASSERT_EQ(back.pixels.size(), image.pixels.size());
  for (std::size_t i = 0; i < back.pixels.size(); i++)
    ASSERT_NEAR(back.pixels[i], image.pixels[i], 12) << i;
}

// A segment with one Huffman table, whose sixteen counts are all `count`, and `values` values.
Bytes huffman_segment(std::uint8_t count, int values) {
  return joined(
      {{0xff, 0xc4}, big_endian(2 + 17 + values, 2), {0x00}, Bytes(16, count), Bytes(values, 0)});
}
constexpr long after_start = 2, before_end = -2;
Bytes with_inserted(Bytes file, long at, const Bytes& more) {
  file.insert(at < 0 ? file.end() + at : file.begin() + at, more.begin(), more.end());
  return file;
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

// ---- size from the header ----

TEST(ImageSize, IsReadFromTheHeaderOfEitherFormat) {
  ScratchFolder folder;
  write_png(folder / "a.png", noise(5, 9));
  EXPECT_EQ(read_image_size(folder / "a.png"), (ImageSize{5, 9}));
  const Bytes jpeg = jpeg_of(slope(24, 31));
  const Bytes padded =
      with_inserted(with_inserted(jpeg, after_start, {0xff, 0xe1, 0, 4, 0xff, 0xc0}), after_start,
                    {0x00, 0xff, 0xff});
  for (const Bytes& file : {jpeg, padded}) {
    put(folder / "a.jpg", std::string(file.begin(), file.end()));
    EXPECT_EQ(read_image_size(folder / "a.jpg"), (ImageSize{24, 31}));
  }
}

TEST(ImageSize, OfATruncatedOrInvalidHeaderIsAnErrorWithTheFileName) {
  ScratchFolder folder;
  const std::string path = folder / "it";
  const auto error = [&](const Bytes& bytes) {
    put(path, std::string(bytes.begin(), bytes.end()));
    return file_error([&] { read_image_size(path); });
  };
  const Bytes png = png_of(2, 3, 3, noise(2, 3).pixels), jpeg = jpeg_of(slope(16, 16));
  for (long n = 0; n < 24; n++)
    for (const Bytes& file : {png, jpeg})
      EXPECT_TRUE(error({file.begin(), file.begin() + n}).starts_with(path)) << n;
  expect_contains(error({0xff, 0xd8, 0xff, 0xd9}), "no header before its pixels");
  Bytes zeros(200'000);
  zeros[0] = 0xff, zeros[1] = 0xd8;
  expect_contains(
      error(zeros),
      "byte 65538: the JPEG image has no header in its first 65536 segments and skipped bytes");
  expect_contains(error({'G', 'I', 'F', '8', '9', 'a'}), "neither a PNG nor a JPEG");
  expect_contains(error(png_with(header_chunk(16385, 1, 8, 2), {})),
                  "its header gives 1 x 16385 pixels");
}

// ---- neither PNG nor JPEG ----

TEST(Image, RefusesOtherFiles) {
  EXPECT_EQ(error_of({}), "it.image: is neither a PNG nor a JPEG image: it is empty");
  EXPECT_EQ(error_of({'G', 'I', 'F', '8', '9', 'a'}),
            "it.image: is neither a PNG nor a JPEG image: it begins with the bytes 47 49 46 38");
  EXPECT_EQ(error_of({0xff}),
            "it.image: is neither a PNG nor a JPEG image: it begins with the bytes ff");
  EXPECT_EQ(error_of({0xff, 0xd8}), "it.image: byte 2: the file is cut off");
  EXPECT_EQ(error_of({0xff, 0xd8, 0xff, 0xd9}),
            "it.image: cannot be decoded as JPEG: its header is damaged, or gives a side of 0 or "
            "more than 16384 pixels");
}

TEST(Image, RefusesFilesBeyondTheLimit) {
  ScratchFolder folder;
  put(folder / "a.png", "");
  std::filesystem::resize_file(folder / "a.png", max_image_bytes + 1);
  EXPECT_EQ(file_error([&] { read_image(folder / "a.png"); }),
            folder / "a.png" + ": has 67108865 bytes, expected at most 67108864");
  expect_contains(file_error([&] { read_image(folder / "b.png"); }),
                  folder / "b.png" + ": cannot be opened");
}

TEST(Image, DoesNotWriteAnImageWhoseSizeContradictsItsPixels) {
  ScratchFolder folder;
  EXPECT_THROW(write_png(folder / "a.png", {2, 2, Bytes(11)}), Error);
  EXPECT_THROW(write_png(folder / "a.png", {0, 2, {}}), Error);
  EXPECT_THROW(write_png(folder / "a.png", {-1, -1, Bytes(3)}), Error);
  EXPECT_TRUE(folder.files().empty());
}

}  // namespace
}  // namespace excite
