#include "core/images/other_formats.h"

#include <algorithm>
#include <iomanip>
#include <string_view>

namespace excite {

namespace {

using namespace std::string_view_literals;

struct OtherFormat {
  std::size_t at;
  std::string_view letters;
  const char* name;
};

constexpr OtherFormat other_formats[] = {
    {0, "GIF8"sv, "a GIF"},       {0, "II*\0"sv, "a TIFF"},
    {0, "MM\0*"sv, "a TIFF"},     {0, "II+\0"sv, "a BigTIFF"},
    {0, "MM\0+"sv, "a BigTIFF"},  {4, "ftypavi"sv, "an AVIF"},
    {4, "ftyphe"sv, "a HEIC"},    {4, "ftypmif1"sv, "a HEIC"},
    {4, "jP  "sv, "a JPEG 2000"}, {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000"},
    {4, "JXL "sv, "a JPEG XL"},   {0, "\xff\x0a"sv, "a JPEG XL"},
    {0, "8BPS"sv, "a Photoshop"}, {0, "P1"sv, "a text PNM"},
    {0, "P2"sv, "a text PNM"},    {0, "P3"sv, "a text PNM"},
    {0, "P4"sv, "a PBM"},         {0, "P7"sv, "a PAM"},
    {0, "<svg"sv, "an SVG"},      {0, "<?xml"sv, "an XML or SVG"}};

bool has(const Bytes& bytes, std::size_t at, std::string_view letters) {
  return bytes.size() >= at + letters.size() &&
         std::equal(letters.begin(), letters.end(), bytes.begin() + static_cast<long>(at),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

std::string first_bytes(const Bytes& bytes) {
  std::ostringstream out;
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 4); i++)
    out << (i ? " " : "") << std::hex << std::setw(2) << std::setfill('0') << int{bytes[i]};
  return bytes.empty() ? "is empty" : "begins with the bytes " + out.str();
}

}  // namespace

std::string why_not_an_image(const Bytes& bytes) {
  if (has(bytes, 0, "version https://git-lfs"))
    return "is a pointer of git-LFS and not the image itself; `git lfs pull` fetches it";
  for (const auto& [at, letters, name] : other_formats)
    if (has(bytes, at, letters))
      return text("is ", name, " file, which is not supported; convert it to PNG, JPEG or WebP");
  return "is neither a PNG nor a JPEG, WebP, BMP or PNM image: it " + first_bytes(bytes);
}

}  // namespace excite
