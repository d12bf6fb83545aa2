// A file in memory: what is read through a path can be fuzzed without a disk.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/check.h"

namespace excite {

class MemoryFile {
 public:
  MemoryFile(const void* bytes, std::size_t size) : descriptor_(memfd_create("fuzz", 0)) {
    require(descriptor_ >= 0 && write(descriptor_, bytes, size) == static_cast<ssize_t>(size),
            "memfd: cannot write ", size, " bytes");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace excite
