#include "core/images/stb_decoder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unordered_map>

#include "core/check.h"

namespace excite {

namespace {

// All memory that stb_image and stb_image_write allocate for one image. It is zeroed, because the
// decoder reads tables that a crafted file has not filled. It is bounded, because a small file may
// unpack to gigabytes. It is freed here, because a failed assertion leaves the decoder by an
// exception.
class DecoderMemory {
 public:
  explicit DecoderMemory(std::size_t budget) : budget_(budget) {}
  ~DecoderMemory() {
    for (const auto& [block, size] : blocks_) std::free(block);
  }
  DecoderMemory(const DecoderMemory&) = delete;
  DecoderMemory& operator=(const DecoderMemory&) = delete;

  // Null if the budget is exceeded, which is the file's fault; stb_image checks for that. If the
  // system has no memory, which is not, bad_alloc.
  void* allocate(std::size_t size) {
    if (size > budget_ - used_) return nullptr;
    std::unique_ptr<void, decltype(&std::free)> block(
        std::calloc(1, std::max<std::size_t>(size, 1)), std::free);
    if (!block) throw std::bad_alloc();
    blocks_.emplace(block.get(), size), used_ += size;
    return block.release();
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

  // The memory that the decoder uses on this thread.
  static thread_local DecoderMemory* current;

 private:
  std::size_t budget_, used_ = 0;
  std::unordered_map<void*, std::size_t> blocks_;
};
thread_local DecoderMemory* DecoderMemory::current = nullptr;

// Makes it the current memory while it lives.
struct Decoding {
  explicit Decoding(DecoderMemory& memory) { DecoderMemory::current = &memory; }
  ~Decoding() { DecoderMemory::current = nullptr; }
  Decoding(const Decoding&) = delete;
  Decoding& operator=(const Decoding&) = delete;
};

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
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_PNM
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 65535
#define STBI_ASSERT(condition) excite::decoder_assert(condition)
#define STBI_MALLOC(size) excite::DecoderMemory::current->allocate(size)
#define STBI_REALLOC(block, size) excite::DecoderMemory::current->grow(block, size)
#define STBI_FREE(block) excite::DecoderMemory::current->release(block)
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#define STBIW_MALLOC(size) excite::DecoderMemory::current->allocate(size)
#define STBIW_REALLOC(block, size) excite::DecoderMemory::current->grow(block, size)
#define STBIW_FREE(block) excite::DecoderMemory::current->release(block)
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace excite {

namespace {

UnusableFile refusal(const std::string& name, const char* format, const std::string& why) {
  return UnusableFile(text(name, ": cannot be decoded as ", format, ": ", why));
}

UnusableFile refusal(const std::string& name, const char* format) {
  return refusal(name, format, stbi_failure_reason() ? stbi_failure_reason() : "damaged");
}

// Runs stb_image's JPEG decoder part by part, instead of letting it look for the parts itself.
class JpegDecoder {
 public:
  explicit JpegDecoder(const Bytes& bytes, const JpegParts& parts) : bytes_(bytes), parts_(parts) {
    // Zeroed; the constructor of a struct of stb_image would need its whole size on the stack.
    jpeg_ = static_cast<stbi__jpeg*>(stbi__malloc(sizeof(stbi__jpeg)));
    if (!jpeg_) throw std::bad_alloc();
    jpeg_->s = &context_;
    stbi__setup_jpeg(jpeg_);
    jpeg_->app14_color_transform = -1;
    jpeg_->marker = STBI__MARKER_none;
    jpeg_->progressive = parts.progressive;
  }

  // Whether all parts could be decoded.
  bool run() {
    for (std::size_t i = 0; i < parts_.parts.size(); i++)
      if (!decode(parts_.parts[i], i + 1 == parts_.parts.size())) return false;
    if (parts_.progressive) stbi__jpeg_finish(jpeg_);
    for (int i = 0; i < context_.img_n; i++) {  // the coefficients
      stbi__free(jpeg_->img_comp[i].raw_coeff);
      jpeg_->img_comp[i].raw_coeff = nullptr;
    }
    return true;
  }

  // Whether the last scan needed bits that it does not have.
  bool cut_off() const { return cut_off_; }

  std::vector<JpegPlane> planes() const {
    std::vector<JpegPlane> planes;
    for (int i = 0; i < context_.img_n; i++) {
      const auto& c = jpeg_->img_comp[i];
      planes.push_back({c.data, c.y, c.x, c.w2, jpeg_->img_h_max / c.h, jpeg_->img_v_max / c.v});
    }
    return planes;
  }

 private:
  static void stbi__free(void* block) { STBI_FREE(block); }

  bool decode(const JpegPart& part, bool is_last) {
    constexpr std::uint8_t baseline = 0xc0, progressive = 0xc2, extended = 0xc1, scan = 0xda;
    const std::uint8_t* begin = bytes_.data() + part.begin;
    const int size = static_cast<int>(part.end - part.begin);
    stbi__start_mem(&context_, begin, size);
    if (part.marker == baseline || part.marker == extended || part.marker == progressive)
      return stbi__process_frame_header(jpeg_, STBI__SCAN_load);
    if (part.marker != scan) return stbi__process_marker(jpeg_, part.marker);
    if (!is_last || parts_.ended)
      return stbi__process_scan_header(jpeg_) && stbi__parse_entropy_coded_data(jpeg_);
    return decode_unended_scan(begin, size);
  }

  // Zeros follow the scan. It was cut off if one of them was used: if more bits of them were read
  // than are left. Or if there are not as many restarts as blocks require, where the decoder stops.
  bool decode_unended_scan(const std::uint8_t* begin, int size) {
    constexpr int more = 16;
    Bytes scan(begin, begin + size);
    scan.resize(scan.size() + more);
    stbi__start_mem(&context_, scan.data(), size + more);
    if (!stbi__process_scan_header(jpeg_)) return false;
    const bool decoded = stbi__parse_entropy_coded_data(jpeg_);
    const long read = context_.img_buffer - (scan.data() + size);
    cut_off_ = 8 * read > jpeg_->code_bits || count_restarts(scan) < expected_restarts();
    return decoded || cut_off_;
  }

  static long count_restarts(const Bytes& scan) {
    long count = 0;
    for (std::size_t i = 0; i + 1 < scan.size(); i++)
      count += scan[i] == 0xff && STBI__RESTART(scan[i + 1]);
    return count;
  }

  // One between each two intervals. A scan of one component counts its own blocks, and one of
  // several the units of all.
  long expected_restarts() const {
    if (jpeg_->restart_interval == 0) return 0;
    const auto& c = jpeg_->img_comp[jpeg_->order[0]];
    const long units = jpeg_->scan_n == 1 ? (c.x + 7l) / 8 * ((c.y + 7l) / 8)
                                          : static_cast<long>(jpeg_->img_mcu_x) * jpeg_->img_mcu_y;
    return (units - 1) / jpeg_->restart_interval;
  }

  const Bytes& bytes_;
  const JpegParts& parts_;
  stbi__context context_{};
  stbi__jpeg* jpeg_;
  bool cut_off_ = false;
};

}  // namespace

StbImage decode_with_stb(const Bytes& bytes, const std::string& name, const char* format,
                         std::size_t max_bytes) {
  const auto memory = std::make_shared<DecoderMemory>(max_bytes);
  const Decoding decoding(*memory);
  int width = 0, height = 0, channels = 0;
  try {
    const stbi_uc* pixels = stbi_load_from_memory(bytes.data(), static_cast<int>(bytes.size()),
                                                  &width, &height, &channels, 0);
    if (!pixels) throw refusal(name, format);
    return {height, width, channels, pixels, memory};
  } catch (const DecoderAssertionFailed&) {
    throw refusal(name, format, "its header contradicts itself");
  }
}

JpegPlanes decode_jpeg(const Bytes& bytes, const JpegParts& parts, const std::string& name,
                       std::size_t max_bytes) {
  const auto memory = std::make_shared<DecoderMemory>(max_bytes);
  const Decoding decoding(*memory);
  try {
    JpegDecoder decoder(bytes, parts);
    const bool decoded = decoder.run();
    require<UnusableFile>(!decoder.cut_off(), name, ": byte ", bytes.size(),
                          ": the file is cut off");
    if (!decoded) throw refusal(name, "JPEG");
    return {decoder.planes(), memory};
  } catch (const DecoderAssertionFailed&) {
    throw refusal(name, "JPEG", "its Huffman codes contradict each other");
  }
}

Bytes encode_png(const std::uint8_t* pixels, int height, int width) {
  constexpr int channels = 3;
  Bytes file;
  const auto append = [](void* to, void* data, int count) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    static_cast<Bytes*>(to)->insert(static_cast<Bytes*>(to)->end(), from, from + count);
  };
  DecoderMemory memory(SIZE_MAX);
  const Decoding encoding(memory);
  const int ok =
      stbi_write_png_to_func(append, &file, width, height, channels, pixels, channels * width);
  return ok ? file : Bytes();
}

}  // namespace excite
