#include "core/images/image.h"

#include <cmath>
#include <numeric>

#include "core/memory_budget.h"
#include "tests/core/images/image_bytes.h"
#include "tests/support/errors.h"

namespace excite {
namespace {

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
  EXPECT_EQ(
      decode_image(png_with(png_header(1, 1, 16, 2), {0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}), "16")
          .pixels,
      (Bytes{0x12, 0x56, 0x9a}));
  const Bytes palette =
      joined({png_signature, png_header(2, 1, 8, 3), png_chunk("PLTE", {1, 2, 3, 4, 5, 6}),
              png_chunk("IDAT", zlib_stored({0, 1, 0})), png_chunk("IEND", {})});
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
  const std::string limits = ", expected sides of 1 to 65535 and at most 178956970 pixels in all";
  EXPECT_EQ(error_of(png_with(png_header(65536, 1, 8, 2), {})),
            "it.image: byte 29: the header gives 1 x 65536 pixels" + limits);
  for (const auto& [width, height] : {std::pair(1u, 0x7fffffffu), {65535u, 2731u}, {0u, 1u}})
    expect_contains(error_of(png_with(png_header(width, height, 8, 2), {})), limits);
  // Within the limits: 1 byte of pixels does not unpack to 805 million, and 12 do not fill a row.
  expect_contains(error_of(png_with(png_header(16384, 16384 / 2, 8, 2), {0})),
                  "the file is cut off: 8192 x 16384 pixels do not fit into 12 compressed bytes");
  expect_contains(error_of(png_with(png_header(100, 1, 8, 2), {0})), "not enough pixels");
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
  const Bytes bomb = joined(
      {png_signature, png_header(1, 1, 8, 2), png_chunk("IDAT", zlib), png_chunk("IEND", {})});
  EXPECT_EQ(error_of(bomb), "it.image: cannot be decoded as PNG: outofmem");
}

TEST(Image, RefusesAnUnknownPngChunkOnlyIfItIsCritical) {
  const Bytes pixels = png_chunk("IDAT", zlib_stored({0, 1, 2, 3})), end = png_chunk("IEND", {});
  EXPECT_EQ(error_of(joined(
                {png_signature, png_header(1, 1, 8, 2), png_chunk("teXt", {1, 2}), pixels, end})),
            "");
  expect_contains(error_of(joined({png_signature, png_header(1, 1, 8, 2), png_chunk("TEXT", {1, 2}),
                                   pixels, end})),
                  "an unknown critical chunk");
}

// stb_image would copy no bytes from a null pointer, which is undefined.
TEST(Image, ReadsAPngWhoseFirstPixelsAreAnEmptyChunk) {
  const Bytes header = png_header(1, 1, 8, 2), end = png_chunk("IEND", {}),
              pixels = png_chunk("IDAT", zlib_stored({0, 1, 2, 3})), empty = png_chunk("IDAT", {});
  EXPECT_EQ(decode_image(joined({png_signature, header, empty, pixels, empty, end}), "it").pixels,
            (Bytes{1, 2, 3}));
  expect_contains(error_of(joined({png_signature, header, empty, end})), "do not fit into 0");
}

TEST(Image, ShortMemoryIsNoFaultOfTheFile) {
  const Bytes file = png_of(100, 100, 3, noise(100, 100).pixels);
  const long before = max_memory();
  set_max_memory(50'000);
  EXPECT_TRUE(fails_saying<MemoryError>(
      [&] { decode_image(file, "it"); },
      {"it: decoding 100 x 100 pixels needs 1 MB of memory, but at most 0 MB may be used"}));
  set_max_memory(before);
  EXPECT_EQ(error_of(file), "");
}

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

TEST(Image, RefusesOtherFiles) {
  EXPECT_EQ(error_of({}),
            "it.image: is neither a PNG nor a JPEG, WebP, BMP or PNM image: it is empty");
  EXPECT_EQ(error_of({'G', 'I', 'F', '8', '9', 'a'}),
            "it.image: is a GIF file, which is not supported; convert it to PNG, JPEG or WebP");
  EXPECT_EQ(
      error_of({0xff}),
      "it.image: is neither a PNG nor a JPEG, WebP, BMP or PNM image: it begins with the bytes ff");
  EXPECT_EQ(error_of({0xff, 0xd8}), "it.image: byte 2: the file is cut off");
  EXPECT_EQ(error_of({0xff, 0xd8, 0xff, 0xd9}),
            "it.image: byte 4: the image ends before the pixels of all its components");
  expect_contains(error_of({'I', 'I', '*', 0, 8, 0}), "is a TIFF file, which is not supported");
  expect_contains(error_of({'P', '3', '\n'}), "is a text PNM file, which is not supported");
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\n";
  expect_contains(error_of({pointer.begin(), pointer.end()}), "`git lfs pull` fetches it");
}

TEST(Image, RefusesFilesBeyondTheLimit) {
  ScratchFolder folder;
  put(folder / "a.png", "");
  std::filesystem::resize_file(folder / "a.png", max_image_bytes + 1);
  EXPECT_EQ(file_error([&] { read_image(folder / "a.png"); }),
            folder / "a.png" + ": has 1073741825 bytes, expected at most 1073741824");
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
