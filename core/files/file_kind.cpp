#include "core/files/file_kind.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace excite {

namespace {

using namespace std::literals;

struct Signature {
  std::string_view bytes;
  std::string_view kind;
};

constexpr std::string_view
    pytorch =
        "is a file of PyTorch (a pickle, or a ZIP archive of them), expected a safetensors file; "
        "convert it with pth_to_safetensors, which `make install` installs from "
        "tools/scripts/pth_to_safetensors",
    image = "is an image, expected a safetensors file of weights",
    page =
        "is a web page, not the file that was to be downloaded; download it again, from the link "
        "of the file itself",
    archive = "is an archive, expected a safetensors file; unpack it first";

constexpr Signature signatures[] = {
    {"version https://git-lfs"sv,
     "is a git-LFS pointer, not the file that it stands for; `git lfs pull` fetches that file"},
    {"PK\x03\x04"sv, pytorch},
    {"\x80\x02"sv, pytorch},
    {"\x80\x03"sv, pytorch},
    {"\x80\x04"sv, pytorch},
    {"\x80\x05"sv, pytorch},
    {"\xff\xd8\xff"sv, image},
    {"\x89PNG"sv, image},
    {"GIF8"sv, image},
    {"BM"sv, image},
    {"II*\0"sv, image},
    {"MM\0*"sv, image},
    {"\x89HDF\r\n\x1a\n"sv,
     "is an HDF5 file, as Keras writes, expected a safetensors file; save the weights as "
     "safetensors"},
    {"\x93NUMPY"sv,
     "is a NumPy array, expected a safetensors file; save it with safetensors.numpy.save_file"},
    {"GGUF"sv, "is a GGUF file, expected a safetensors file"},
    {"\x1f\x8b"sv, archive},
    {"BZh"sv, archive},
    {"\xfd"
     "7zXZ"sv,
     archive},
    {"7z\xbc\xaf"sv, archive},
    {"Rar!"sv, archive},
    {"%PDF"sv, "is a PDF document, expected a safetensors file of weights"},
    {"#!"sv, "is a script, expected a safetensors file of weights"}};

std::string lower(std::string_view words) {
  std::string result(words);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

std::string_view file_kind(std::string_view first_bytes) {
  for (const Signature& s : signatures)
    if (first_bytes.starts_with(s.bytes)) return s.kind;
  if (first_bytes.starts_with("RIFF") && first_bytes.substr(0, 12).ends_with("WEBP")) return image;
  if (first_bytes.starts_with("\xef\xbb\xbf")) first_bytes.remove_prefix(3);
  const std::size_t begin = first_bytes.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  const std::string text = lower(first_bytes.substr(begin));
  for (const char* tag : {"<!doctype html", "<html", "<head", "<?xml", "<!--"})
    if (text.starts_with(tag)) return page;
  if (text.starts_with("{") && text.find("\"weight_map\"") != std::string::npos)
    return "is an index of weights that are split into several files, not one of them; join them "
           "into one safetensors file";
  if (text.starts_with("{") || text.starts_with("["))
    return "is a JSON file, expected a safetensors file of weights";
  return "";
}

}  // namespace excite
