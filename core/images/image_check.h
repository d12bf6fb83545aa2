// Checks the structure of an image file before it is decoded. A file is refused if it is damaged,
// cut off, or known to make stb_image write outside its arrays. Lengths and the sizes of Huffman
// tables are checked; the compressed pixels are not.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace excite {

using Bytes = std::vector<std::uint8_t>;  // a whole file

// Whether the first bytes are those of the format. Nothing else is checked.
bool looks_like_png(const Bytes& bytes);
bool looks_like_jpeg(const Bytes& bytes);

// These throw a FileError with the name of the file and the offset of the fault.

// Every chunk up to IEND must be complete, and its checksum correct.
void check_png(const Bytes& bytes, const std::string& name);
// Every segment up to EOI must be complete, and Huffman tables must have at most 256 codes.
void check_jpeg(const Bytes& bytes, const std::string& name);

}  // namespace excite
