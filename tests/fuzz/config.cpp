// Reads the input as the config.json of a run.
#include "tools/training/config.h"

#include "core/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int fuzz_config(const std::uint8_t* data, std::size_t size) {
  const excite::MemoryFile bytes(data, size);
  try {
    excite::read_config(bytes.path());
  } catch (const excite::FileError&) {
  } catch (const excite::UsageError&) {}
  return 0;
}
