// Reads the input as a list of labels and as an order of classes.
#include "tools/commands/class_files.h"

#include "core/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int fuzz_class_files(const std::uint8_t* data, std::size_t size) {
  const excite::MemoryFile bytes(data, size);
  try {
    excite::read_labels(bytes.path(), 3);
  } catch (const excite::FileError&) {}
  try {
    excite::read_class_order(bytes.path(), 3);
  } catch (const excite::FileError&) {}
  return 0;
}
