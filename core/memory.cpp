#include "core/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <climits>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "core/check.h"
#include "core/memory_parts.h"

namespace excite {

namespace {

constexpr long huge_page = 2l << 20;

struct Pool {
  std::mutex mutex;
  FreeBlocks free;
  MemoryStats stats{};
  long wasted = 0;  // bytes that blocks in use have beyond what was asked for
};
// Never destroyed, because tensors with static lifetime may be freed after main has ended.
Pool& pool() {
  static Pool& the_pool = *new Pool;
  return the_pool;
}

// The state of a thread's cache. `scopes` counts the ThreadBufferCache objects that live; `free`
// are the kept blocks. `live` and `wasted` are the changes of bytes in use, and of those wasted,
// that the pool does not know yet; `peak` is the largest such change of `live`. The destructor is
// trivial on purpose: a thread_local tensor may be freed later than this.
struct ThreadCache {
  int scopes = 0;
  FreeBlocks* free = nullptr;
  long live = 0, peak = 0, wasted = 0;

  void count(long bytes) {
    live += bytes;
    peak = std::max(peak, live);
  }
  void add_to(Pool& p) {
    p.stats.peak = std::max(p.stats.peak, p.stats.live + peak);
    p.stats.live += std::exchange(live, 0);
    p.wasted += std::exchange(wasted, 0);
    peak = 0;
  }
};
thread_local ThreadCache thread_cache;

// Returns the block that has been free for the longest time to the system, one of the pool or else
// one that this thread keeps. False if there is none.
bool release_oldest(Pool& p) {
  MemoryBlock* block = p.free.take_oldest();
  if (!block && thread_cache.free) block = thread_cache.free->take_oldest();
  if (!block) return false;
  p.stats.reserved -= block->bytes;
  delete_block(block);
  return true;
}

// A block of the system; if it has none, free blocks of other sizes are returned to it first.
MemoryBlock* new_block_or_release(Pool& p, long bytes) {
  for (;;) {
    try {
      return new_block(bytes);
    } catch (const std::bad_alloc&) {
      if (!release_oldest(p)) throw;
    }
  }
}

// The pool takes at most 5/4 of `peak`, the most bytes that were in use at once, these included; of
// a small peak, 16 MB more than it. Up to there, each size gets blocks of its own. Then a larger
// free block is taken if all blocks in use together waste no more than that excess; otherwise the
// oldest free blocks make room.
MemoryBlock* make_room(Pool& p, long bytes) {
  const long live = p.stats.live + bytes, peak = std::max(p.stats.peak, live);
  const long excess = std::max(peak / 4, 16l << 20), most = peak + excess;
  if (p.stats.reserved + bytes > most) {
    const long max_waste = excess - p.wasted;
    MemoryBlock* larger =
        thread_cache.free ? thread_cache.free->take_larger(bytes, max_waste) : nullptr;
    if (!larger) larger = p.free.take_larger(bytes, max_waste);
    if (larger) {
      larger->wasted = larger->bytes - bytes;
      p.wasted += larger->wasted;
      return larger;
    }
    while (p.stats.reserved + bytes > most && release_oldest(p)) {}
  }
  MemoryBlock* block = new_block_or_release(p, bytes);
  p.stats.reserved += bytes;
  p.stats.allocated++;
  return block;
}

MemoryBlock* allocate(long bytes) {
  if (thread_cache.scopes > 0)
    if (MemoryBlock* kept = thread_cache.free->take(bytes, std::this_thread::get_id())) {
      kept->used = bytes;
      thread_cache.count(bytes);
      return kept;
    }
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  thread_cache.add_to(p);
  MemoryBlock* block = p.free.take(bytes, std::this_thread::get_id());
  if (!block) block = make_room(p, bytes);
  block->used = bytes;
  thread_cache.count(bytes);
  thread_cache.add_to(p);
  return block;
}

// `p.mutex` is locked.
void give_to_pool(Pool& p, MemoryBlock* block) {
  p.wasted -= std::exchange(block->wasted, 0);
  block->freed_by = std::this_thread::get_id();
  p.free.add(block);
}

void recycle(MemoryBlock* block) {
  if (thread_cache.scopes > 0) {
    thread_cache.count(-block->used);
    thread_cache.wasted -= std::exchange(block->wasted, 0);
    block->freed_by = std::this_thread::get_id();
    thread_cache.free->add(block);
    return;
  }
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  p.stats.live -= block->used;
  give_to_pool(p, block);
}

}  // namespace

Buffer::Buffer(long size) {
  constexpr long bytes_each = sizeof(real), max_size = LONG_MAX / 2 / bytes_each;
  require(size <= max_size, "buffer: ", size, " numbers, expected at most ", max_size,
          ", so that their bytes can be counted in 64 bits");
  if (size <= 0) return;
  block_ = allocate(rounded_up(size * bytes_each));
  data_ = static_cast<real*>(block_->memory);
}
Buffer::~Buffer() {
  if (block_) recycle(block_);
}
Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), block_(std::exchange(other.block_, nullptr)) {}
Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(block_, other.block_);
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
  if (thread_cache.scopes == 0) thread_cache.free = new FreeBlocks;
  thread_cache.scopes++;
}
ThreadBufferCache::~ThreadBufferCache() {
  if (--thread_cache.scopes > 0) return;
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  thread_cache.add_to(p);
  while (MemoryBlock* kept = thread_cache.free->take_oldest()) give_to_pool(p, kept);
  delete std::exchange(thread_cache.free, nullptr);
}

MemoryStats memory_stats() {
  std::lock_guard lock(pool().mutex);
  thread_cache.add_to(pool());
  return pool().stats;
}

void release_unused() {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  while (MemoryBlock* block = p.free.take_oldest()) {
    p.stats.reserved -= block->bytes;
    delete_block(block);
  }
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux reports KB
}

}  // namespace excite
