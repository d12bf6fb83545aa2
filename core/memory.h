// Buffers of reals, aligned to a cache line and recycled. A training step asks for the same sizes
// again and again, and memory fresh from the system costs a page fault every 4 KB. Whatever sizes a
// program asks for, in use and free buffers together have at most 5/4 of the bytes that were in use
// at the peak (16 MB more than a peak below 64 MB); beyond that, free ones are used for smaller
// sizes or returned to the system. What the threads with a ThreadBufferCache keep is returned when
// they need other sizes.
#pragma once
#include "core/real.h"

namespace excite {

struct MemoryBlock;

class Buffer {
 public:
  Buffer() = default;
  // `size` undefined numbers. Error if their bytes overflow a long; std::bad_alloc if the system
  // has too little memory, even after the free buffers were returned to it.
  explicit Buffer(long size);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  real* data() { return data_; }
  const real* data() const { return data_; }

 private:
  real* data_ = nullptr;
  MemoryBlock* block_ = nullptr;  // whose memory it is
};

// Sets a buffer's numbers to 0. A large buffer's pages are returned to the system, which provides
// zeros without touching memory: a page takes memory only when it is written. This is for
// parameters that are not drawn because they will be loaded or only counted (Rng::silent).
void fill_zero_lazily(real* data, long size);

// While one lives, the calling thread keeps the buffers that it frees, and reuses them without
// taking the pool's lock. This is for many short operations on several threads at once. The
// destructor of the outermost one returns the kept buffers to the pool.
class ThreadBufferCache {
 public:
  ThreadBufferCache();
  ~ThreadBufferCache();
  ThreadBufferCache(const ThreadBufferCache&) = delete;
  ThreadBufferCache& operator=(const ThreadBufferCache&) = delete;
};

struct MemoryStats {
  long live;       // bytes in use now
  long peak;       // most bytes ever in use at once
  long reserved;   // bytes taken from the system, in use or free
  long allocated;  // number of allocations from the system
};
// Of the whole process, for buffers of reals alone.
MemoryStats memory_stats();

// Returns the pool's free buffers to the system. This is for the end of work that is not repeated,
// such as loading weights.
void release_unused();

// Peak resident memory of the whole process, as the system counts it, in MB.
double peak_megabytes();

}  // namespace excite
