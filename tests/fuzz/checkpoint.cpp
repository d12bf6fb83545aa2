// Reads the input as the position of a checkpoint, in a file that is valid otherwise.
#include "tools/training/checkpoint.h"

#include "core/check.h"
#include "core/files/safetensors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int fuzz_checkpoint(const std::uint8_t* data, std::size_t size) {
  using namespace excite;
  std::string position;
  for (std::size_t i = 0; i < size; i++) {
    if (data[i] == '"' || data[i] == '\\') position += '\\';
    if (data[i] >= 0x20 && data[i] < 0x7f) position += static_cast<char>(data[i]);
  }
  const std::string header = R"({"__metadata__":{"position":")" + position + "\"}}";
  std::string file;
  for (int i = 0; i < 8; i++) file += static_cast<char>(header.size() >> (8 * i) & 255);
  file += header;
  const MemoryFile bytes(file.data(), file.size());
  try {
    load_checkpoint(bytes.path(), {}, 3, 10, {});
  } catch (const FileError&) {}
  return 0;
}
