// Reads the input as the header of a weights file, and looks for the model that has such tensors.
#include "models/interop/recognize.h"

#include "core/check.h"
#include "core/files/safetensors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int fuzz_recognize(const std::uint8_t* data, std::size_t size) {
  using namespace excite;
  const MemoryFile bytes(data, size);
  try {
    const SafetensorsFile file(bytes.path());
    const NameMapping names = map_names(file.names(), "it");
    recognize(shapes_of(file, names), *names.dialect, "se_resnet20");
  } catch (const FileError&) {
  } catch (const UsageError&) {}
  return 0;
}
