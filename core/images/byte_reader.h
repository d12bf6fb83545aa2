// A position in the bytes of an untrusted file. Every read is checked against the end of the file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/files/input_file.h"

namespace excite {

using Bytes = std::vector<std::uint8_t>;  // a whole file

class ByteReader {
 public:
  // Refers to both. `name` is used in errors.
  ByteReader(const Bytes& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::size_t at = 0;

  std::size_t left() const { return bytes_.size() - at; }
  const std::uint8_t* here() const { return bytes_.data() + at; }

  // An unsigned number of up to 4 bytes.
  std::uint32_t big_endian(std::size_t count) {
    std::uint32_t value = 0;
    for (const std::uint8_t *end = advance(count) + count, *b = end - count; b < end; b++)
      value = value << 8 | *b;
    return value;
  }
  std::uint32_t little_endian(std::size_t count) {
    std::uint32_t value = 0;
    for (const std::uint8_t *begin = advance(count), *b = begin + count; b > begin;)
      value = value << 8 | *--b;
    return value;
  }
  void skip(std::size_t count) { advance(count); }

  // UnusableFile with the position unless ok.
  template <class... Parts>
  void check(bool ok, const Parts&... parts) const {
    require<UnusableFile>(ok, name_, ": byte ", at, ": ", parts...);
  }

 private:
  const std::uint8_t* advance(std::size_t count) {
    check(left() >= count, "the file is cut off");
    at += count;
    return here() - count;
  }
  const Bytes& bytes_;
  const std::string& name_;
};

}  // namespace excite
