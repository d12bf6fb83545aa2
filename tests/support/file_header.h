// The header of a safetensors file, for tests that need none of its numbers.
#pragma once
#include <cstdint>
#include <cstring>

#include "core/files/safetensors_header.h"
#include "tests/support/scratch.h"

namespace excite {

inline SafetensorsHeader header_of(const std::string& path) {
  const std::string bytes = get(path);
  std::uint64_t length = 0;
  require<FileError>(bytes.size() >= sizeof length, path, ": no safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  const long data_bytes = std::ssize(bytes) - static_cast<long>(sizeof length + length);
  return parse_header(bytes.substr(sizeof length, length), path, data_bytes);
}

}  // namespace excite
