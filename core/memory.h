// Buffers of reals, aligned to a cache line and recycled: a training step asks for the same sizes
// again and again, and memory fresh from the system costs a page fault every 4 KB (allocating and
// filling 12 MB takes three times as long as refilling it).
#pragma once
#include "core/real.h"

namespace excite {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(long size);  // numbers undefined; an Error if their bytes cannot be counted
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  real* data() { return data_; }
  const real* data() const { return data_; }

 private:
  real* data_ = nullptr;
  long bytes_ = 0;  // as rounded up by the pool
};

// Sets a buffer's numbers to 0. Those of a large one take memory only once somebody writes them.
void fill_zero_lazily(real* data, long size);

// While one lives, what this thread gives back it keeps for itself, and asks nobody for it: for
// many short operations side by side on several threads. In the end all of it goes to the pool.
class OwnBuffers {
 public:
  OwnBuffers();
  ~OwnBuffers();
  OwnBuffers(const OwnBuffers&) = delete;
  OwnBuffers& operator=(const OwnBuffers&) = delete;
};

struct MemoryStats {
  long live;       // bytes in use now
  long peak;       // the most that were ever in use at once
  long reserved;   // bytes taken from the system, in use or waiting to be recycled
  long allocated;  // how many times the system was asked
};
MemoryStats memory_stats();

void release_unused();  // what waits to be recycled goes back to the system; for after work that
                        // will not be done again, such as loading

double peak_megabytes();  // the most memory that the whole process has ever held, as the system
                          // counts

}  // namespace excite
