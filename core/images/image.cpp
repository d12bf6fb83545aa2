#include "core/images/image.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iomanip>
#include <memory>
#include <sstream>
#include <unordered_map>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/images/image_check.h"

namespace excite {

namespace {

// All memory that stb_image allocates for one image. It is zeroed, because the decoder reads tables
// that a crafted file has not filled. It is bounded, because a small file may unpack to gigabytes.
// It is freed here, because a failed assertion leaves the decoder by an exception.
class DecoderMemory {
 public:
  explicit DecoderMemory(std::size_t budget) : budget_(budget) { current = this; }
  ~DecoderMemory() {
    for (const auto& [block, size] : blocks_) std::free(block);
    current = nullptr;
  }
  DecoderMemory(const DecoderMemory&) = delete;
  DecoderMemory& operator=(const DecoderMemory&) = delete;

  // Null if the budget is exceeded; stb_image checks for that.
  void* allocate(std::size_t size) {
    if (size > budget_ - used_) return nullptr;
    void* block = std::calloc(1, std::max<std::size_t>(size, 1));
    if (block) blocks_[block] = size, used_ += size;
    return block;
  }
  void* grow(void* old, std::size_t size) {
    void* block = allocate(size);
    if (block && old) std::memcpy(block, old, std::min(size, blocks_[old])), release(old);
    return block;
  }
  void release(void* block) {
    if (!block) return;
    used_ -= blocks_[block];
    blocks_.erase(block);
    std::free(block);
  }

  static thread_local DecoderMemory* current;

 private:
  std::size_t budget_, used_ = 0;
  std::unordered_map<void*, std::size_t> blocks_;
};
thread_local DecoderMemory* DecoderMemory::current = nullptr;

// stb_image uses assertions for properties of the file. A crafted file that breaks one must not end
// the program.
struct DecoderAssertionFailed {};
void decoder_assert(bool ok) {
  if (!ok) throw DecoderAssertionFailed();
}

}  // namespace

}  // namespace excite

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 16384
#define STBI_ASSERT(condition) excite::decoder_assert(condition)
#define STBI_MALLOC(size) excite::DecoderMemory::current->allocate(size)
#define STBI_REALLOC(block, size) excite::DecoderMemory::current->grow(block, size)
#define STBI_FREE(block) excite::DecoderMemory::current->release(block)
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace excite {

namespace {

constexpr int channels = 3;

// The most bytes that decoding may need. Four interlaced channels of 16 bits need up to 28 bytes
// per pixel, and a progressive JPEG 16. Compressed PNG data are gathered in a block whose size
// doubles. The constant is for tables, and for long, thin images rounded up to blocks of 32 pixels.
std::size_t decoder_budget(std::size_t file_bytes, long pixels) {
  return 32 * static_cast<std::size_t>(pixels) + 4 * file_bytes + (16u << 20);
}

std::string first_bytes(const Bytes& bytes) {
  std::ostringstream out;
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 4); i++)
    out << (i ? " " : "") << std::hex << std::setw(2) << std::setfill('0') << int{bytes[i]};
  return bytes.empty() ? "is empty" : "begins with the bytes " + out.str();
}

}  // namespace

bool is_image_size(long height, long width) {
  const auto fits = [](long side) { return side >= 1 && side <= max_image_side; };
  return fits(height) && fits(width) && height * width <= max_pixels;
}

void require_image_size(long height, long width, const char* what) {
  require(is_image_size(height, width), what, ": an image of ", height, " x ", width,
          " pixels, expected sides of 1 to ", max_image_side, " and at most ", max_pixels,
          " pixels");
}

void require_image(const Image& image, const char* what) {
  require_image_size(image.height, image.width, what);
  const auto expected = static_cast<std::size_t>(channels * image.height * image.width);
  require(image.pixels.size() == expected, what, ": an image of ", image.height, " x ", image.width,
          " pixels has ", image.pixels.size(), " bytes, expected ", expected);
}

Image decode_image(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  require<FileError>(static_cast<long>(bytes.size()) <= max_image_bytes, name, ": has ",
                     bytes.size(), " bytes, expected at most ", max_image_bytes);
  const bool png = looks_like_png(bytes);
  require<FileError>(png || looks_like_jpeg(bytes), name,
                     ": is neither a PNG nor a JPEG image: it ", first_bytes(bytes));
  if (png)
    check_png(bytes, name);
  else
    check_jpeg(bytes, name);

  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, file_channels = 0;
  const auto refusal = [&](const std::string& why) {
    return FileError(text(name, ": cannot be decoded as ", png ? "PNG" : "JPEG", ": ", why));
  };
  const auto reason = [] {
    return std::string(stbi_failure_reason() ? stbi_failure_reason() : "damaged");
  };
  try {
    {
      DecoderMemory memory(decoder_budget(bytes.size(), 0));
      if (!stbi_info_from_memory(bytes.data(), size, &width, &height, &file_channels)) {
        throw refusal(text("its header is damaged, or gives a side of 0 or more than ",
                           max_image_side, " pixels"));
      }
    }
    const long pixels = static_cast<long>(width) * height;
    if (pixels > max_pixels)
      throw refusal(text("it has ", height, " x ", width, " pixels, expected at most ", max_pixels,
                         " in all"));
    DecoderMemory memory(decoder_budget(bytes.size(), pixels));
    const stbi_uc* rgb =
        stbi_load_from_memory(bytes.data(), size, &width, &height, &file_channels, channels);
    if (!rgb) throw refusal(reason());
    return {height, width, {rgb, rgb + channels * pixels}};
  } catch (const DecoderAssertionFailed&) {
    throw refusal("its Huffman codes contradict each other");
  }
}

Image read_image(const std::string& path) {
  return decode_image(read_file(path, max_image_bytes), path);
}

void write_png(const std::string& path, const Image& image) {
  require_image(image, "write_png");
  Bytes file;
  const auto append = [](void* to, void* data, int count) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    static_cast<Bytes*>(to)->insert(static_cast<Bytes*>(to)->end(), from, from + count);
  };
  const int height = static_cast<int>(image.height), width = static_cast<int>(image.width);
  const int ok = stbi_write_png_to_func(append, &file, width, height, channels, image.pixels.data(),
                                        channels * width);
  require(ok && !file.empty(), path, ": not saved: not enough memory to encode ", height, " x ",
          width, " pixels");
  write_atomically(path, [&](FileWriter& out) { out.write(file.data(), file.size()); });
}

}  // namespace excite
