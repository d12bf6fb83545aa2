// Reads the input as a safetensors file, up to the first tensor that cannot be read.
#include "core/files/safetensors.h"

#include "core/memory_budget.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int fuzz_safetensors(const std::uint8_t* data, std::size_t size) {
  using namespace excite;
  set_max_memory(1l << 20);
  const MemoryFile bytes(data, size);
  try {
    const SafetensorsFile file(bytes.path());
    for (const std::string& name : file.names()) {
      if (file.entry(name).dtype == "I64")
        file.read_integers(name);
      else
        file.read(name);
    }
  } catch (const FileError&) {
  } catch (const MemoryError&) {}
  return 0;
}
