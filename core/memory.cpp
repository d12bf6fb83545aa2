#include "core/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "core/check.h"

namespace excite {

namespace {

constexpr long cache_line = 64;
constexpr long huge_page = 2l << 20;

// Sizes are rounded up to a multiple of an eighth of their power of two, so that nearly equal sizes
// share buffers and at most an eighth is wasted. Small sizes are rounded up to a cache line.
long rounded_up(long bytes) {
  const long grain = std::max(
      cache_line, static_cast<long>(std::bit_floor(static_cast<unsigned long>(bytes))) / 8);
  return (bytes + grain - 1) / grain * grain;
}

// A free buffer may still be in the cache of the thread that freed it.
struct FreeBuffer {
  void* memory;
  std::thread::id freed_by;
};

struct Pool {
  std::mutex mutex;
  std::map<long, std::vector<FreeBuffer>> free;  // by size in bytes
  MemoryStats stats{};
};
// Never destroyed, because tensors with static lifetime may be freed after main has ended.
Pool& pool() {
  static Pool& the_pool = *new Pool;
  return the_pool;
}

// Removes and returns the buffer that this thread freed last; if it freed none, the last one.
void* take_last(std::vector<FreeBuffer>& buffers) {
  const auto is_own = [](const FreeBuffer& b) { return b.freed_by == std::this_thread::get_id(); };
  const auto own = std::find_if(buffers.rbegin(), buffers.rend(), is_own);
  const auto taken = own != buffers.rend() ? std::prev(own.base()) : std::prev(buffers.end());
  void* memory = taken->memory;
  buffers.erase(taken);
  return memory;
}

// The state of a thread's cache. `scopes` counts the ThreadBufferCache objects that live; `free`
// are the kept buffers by size in bytes. `live` is the change of bytes in use that the pool does
// not know yet, and `peak` the largest such change. The destructor is trivial on purpose: a
// thread_local tensor may be freed later than this.
struct ThreadCache {
  int scopes = 0;
  std::map<long, std::vector<void*>>* free = nullptr;
  long live = 0, peak = 0;

  void count(long bytes) {
    live += bytes;
    peak = std::max(peak, live);
  }
  void add_to(MemoryStats& stats) {
    stats.peak = std::max(stats.peak, stats.live + peak);
    stats.live += std::exchange(live, 0);
    peak = 0;
  }
};
thread_local ThreadCache thread_cache;

void* allocate(long bytes) {
  if (thread_cache.scopes > 0) {
    thread_cache.count(bytes);
    if (auto& kept = (*thread_cache.free)[bytes]; !kept.empty()) {
      void* memory = kept.back();
      kept.pop_back();
      return memory;
    }
  }
  std::lock_guard lock(pool().mutex);
  MemoryStats& stats = pool().stats;
  void* memory = nullptr;
  if (auto& buffers = pool().free[bytes]; !buffers.empty()) {
    memory = take_last(buffers);
  } else {
    const bool large = bytes >= huge_page;
    const auto alignment = static_cast<std::size_t>(large ? huge_page : cache_line);
    if (posix_memalign(&memory, alignment, bytes)) throw std::bad_alloc();
    if (large) madvise(memory, bytes, MADV_HUGEPAGE);
    stats.reserved += bytes;
    stats.allocated++;
  }
  if (thread_cache.scopes == 0) thread_cache.count(bytes);
  thread_cache.add_to(stats);
  return memory;
}

void recycle(void* memory, long bytes) {
  if (thread_cache.scopes > 0) {
    thread_cache.count(-bytes);
    (*thread_cache.free)[bytes].push_back(memory);
    return;
  }
  std::lock_guard lock(pool().mutex);
  pool().free[bytes].push_back({memory, std::this_thread::get_id()});
  pool().stats.live -= bytes;
}

}  // namespace

Buffer::Buffer(long size) {
  constexpr long bytes_each = sizeof(real), max_size = LONG_MAX / 2 / bytes_each;
  require(size <= max_size, "buffer: ", size, " numbers, expected at most ", max_size,
          ", so that their bytes can be counted in 64 bits");
  if (size <= 0) return;
  bytes_ = rounded_up(size * bytes_each);
  data_ = static_cast<real*>(allocate(bytes_));
}
Buffer::~Buffer() {
  if (data_) recycle(data_, bytes_);
}
Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

// Pages returned to the system read as zeros afterwards. Large buffers begin at a page boundary.
void fill_zero_lazily(real* data, long size) {
  constexpr long page = 1 << 16;
  const long bytes = size * static_cast<long>(sizeof(real)),
             pages = bytes >= huge_page ? bytes / page * page : 0;
  const bool returned = pages > 0 && madvise(data, pages, MADV_DONTNEED) == 0;
  std::fill(data + (returned ? pages / static_cast<long>(sizeof(real)) : 0), data + size, real(0));
}

ThreadBufferCache::ThreadBufferCache() {
  if (thread_cache.scopes == 0) thread_cache.free = new std::map<long, std::vector<void*>>;
  thread_cache.scopes++;
}
ThreadBufferCache::~ThreadBufferCache() {
  if (--thread_cache.scopes > 0) return;
  std::lock_guard lock(pool().mutex);
  thread_cache.add_to(pool().stats);
  for (const auto& [bytes, kept] : *thread_cache.free)
    for (void* memory : kept) pool().free[bytes].push_back({memory, std::this_thread::get_id()});
  delete std::exchange(thread_cache.free, nullptr);
}

MemoryStats memory_stats() {
  std::lock_guard lock(pool().mutex);
  thread_cache.add_to(pool().stats);
  return pool().stats;
}

void release_unused() {
  std::lock_guard lock(pool().mutex);
  for (auto& [bytes, buffers] : pool().free) {
    for (const FreeBuffer& b : buffers) std::free(b.memory);
    pool().stats.reserved -= bytes * static_cast<long>(buffers.size());
    buffers.clear();
  }
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux reports KB
}

}  // namespace excite
