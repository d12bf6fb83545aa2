#include "core/images/image_size.h"

#include "tests/core/images/image_bytes.h"

namespace excite {
namespace {

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
  expect_contains(error({'G', 'I', 'F', '8', '9', 'a'}), "is a GIF file, which is not supported");
  expect_contains(error(png_with(png_header(65536, 1, 8, 2), {})),
                  "its header gives 1 x 65536 pixels");
}

}  // namespace
}  // namespace excite
