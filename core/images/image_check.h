// Walks the structure of an image file before a decoder sees it, and refuses what is damaged, cut
// off, or known to make stb_image write outside its arrays. Tables of Huffman codes and lengths are
// looked at; the pixels are not.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace excite {

using Bytes = std::vector<std::uint8_t>;

bool looks_like_png(const Bytes& bytes);
bool looks_like_jpeg(const Bytes& bytes);

// FileError with the name and the offset of what is wrong.
void check_png(
    const Bytes& bytes,
    const std::string& name);  // every chunk is whole and has the checksum it says, up to IEND
void check_jpeg(const Bytes& bytes,
                const std::string& name);  // every segment is whole, up to EOI; Huffman tables have
                                           // at most 256 codes

}  // namespace excite
