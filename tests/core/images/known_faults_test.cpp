// One file for each fault of stb_image that has a number (CVE), crafted to reach it: the format is
// refused, or the file is refused before stb_image sees it, or it is decoded without harm.
#include <gtest/gtest.h>

#include "tests/core/images/image_bytes.h"

namespace excite {
namespace {

TEST(Image, ReachesNoneOfTheKnownFaultsOfItsDecoder) {
  const std::string gif = "is a GIF file, which is not supported",
                    unknown = "is neither a PNG nor a JPEG, WebP, BMP or PNM image";
  const struct {
    const char* fault;
    std::string error;  // "": decoded
  } faults[] = {
      {"CVE-2021-28021", "bad huffman code"},               // a difference of 255 bits
      {"CVE-2021-37789", "2 x 1 of 3 x 1 samples"},         // no whole fraction
      {"CVE-2021-42715", unknown},                          // HDR, cut off in its pixels
      {"CVE-2021-42716", ""},                               // PGM of 16 bits
      {"CVE-2022-28041", ""},                               // sums beyond an int
      {"CVE-2022-28042", "a Huffman table has 272 codes"},  // more than the decoder's array
      {"CVE-2022-28048", ""},                               // a shift by 32 bits
      {"CVE-2023-43898", unknown},                          // PIC
      {"CVE-2023-45661", gif},                              // a frame before the first
      {"CVE-2023-45662", ""},                               // other channels than were asked for
      {"CVE-2023-45663", unknown},                          // TGA, cut off in its colors
      {"CVE-2023-45664", gif},                              // no pixels in two frames
      {"CVE-2023-45666", gif},                              // cut off after its name
      {"CVE-2023-45667", gif},                              // cut off in its first frame
  };
  for (const auto& [fault, error] : faults) {
    const std::string file = get(std::string("tests/fuzz/seeds/image/") + fault);
    ASSERT_FALSE(file.empty()) << fault;
    const std::string found = error_of({file.begin(), file.end()});
    if (error.empty())
      EXPECT_EQ(found, "") << fault;
    else
      expect_contains(found, error);
  }
}

}  // namespace
}  // namespace excite
