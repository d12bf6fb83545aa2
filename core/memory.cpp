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

// Sizes are rounded up to an eighth of their power of two, so that nearly equal ones share buffers
// and at most an eighth is wasted; small ones up to a cache line.
long rounded(long bytes) {
  const long grain = std::max(
      cache_line, static_cast<long>(std::bit_floor(static_cast<unsigned long>(bytes))) / 8);
  return (bytes + grain - 1) / grain * grain;
}

// Which thread gave it back: in that one's cache it may still be.
struct Waiting {
  void* memory;
  std::thread::id from;
};

struct Pool {
  std::mutex mutex;
  std::map<long, std::vector<Waiting>> free;  // by size in bytes
  MemoryStats stats{};
};
// Never destroyed: tensors with static lifetime may be freed after main has ended.
Pool& pool() {
  static Pool& forever = *new Pool;
  return forever;
}

// The one that this thread gave back last, or else anybody's.
void* taken_from(std::vector<Waiting>& waiting) {
  const auto is_own = [](const Waiting& w) { return w.from == std::this_thread::get_id(); };
  const auto own = std::find_if(waiting.rbegin(), waiting.rend(), is_own);
  const auto taken = own != waiting.rend() ? std::prev(own.base()) : std::prev(waiting.end());
  void* memory = taken->memory;
  waiting.erase(taken);
  return memory;
}

// What this thread keeps while it has OwnBuffers, and the bytes that it took less those that it
// gave back since the pool was last told. Nothing of it is destroyed with the thread: others of its
// variables may be buffers, and go later.
struct Own {
  int scopes = 0;
  std::map<long, std::vector<void*>>* free = nullptr;
  long live = 0, peak = 0;

  void count(long bytes) {
    live += bytes;
    peak = std::max(peak, live);
  }
  void tell(MemoryStats& stats) {
    stats.peak = std::max(stats.peak, stats.live + peak);
    stats.live += std::exchange(live, 0);
    peak = 0;
  }
};
thread_local Own own;

void* take(long bytes) {
  if (own.scopes > 0) {
    own.count(bytes);
    if (auto& kept = (*own.free)[bytes]; !kept.empty()) {
      void* memory = kept.back();
      kept.pop_back();
      return memory;
    }
  }
  std::lock_guard lock(pool().mutex);
  MemoryStats& stats = pool().stats;
  void* memory = nullptr;
  if (auto& waiting = pool().free[bytes]; !waiting.empty()) {
    memory = taken_from(waiting);
  } else {
    const bool large = bytes >= huge_page;
    const auto alignment = static_cast<std::size_t>(large ? huge_page : cache_line);
    if (posix_memalign(&memory, alignment, bytes)) throw std::bad_alloc();
    if (large) madvise(memory, bytes, MADV_HUGEPAGE);
    stats.reserved += bytes;
    stats.allocated++;
  }
  if (own.scopes == 0) own.count(bytes);
  own.tell(stats);
  return memory;
}

void give_back(void* memory, long bytes) {
  if (own.scopes > 0) {
    own.count(-bytes);
    (*own.free)[bytes].push_back(memory);
    return;
  }
  std::lock_guard lock(pool().mutex);
  pool().free[bytes].push_back({memory, std::this_thread::get_id()});
  pool().stats.live -= bytes;
}

}  // namespace

Buffer::Buffer(long size) {
  constexpr long bytes_each = sizeof(real);
  require(size <= LONG_MAX / 2 / bytes_each, "a buffer of ", size,
          " numbers has more bytes than can be counted");
  if (size <= 0) return;
  bytes_ = rounded(size * bytes_each);
  data_ = static_cast<real*>(take(bytes_));
}
Buffer::~Buffer() {
  if (data_) give_back(data_, bytes_);
}
Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

// Pages that are handed back are zero when they are next looked at. Large buffers begin on one.
void fill_zero_lazily(real* data, long size) {
  constexpr long page = 1 << 16;
  const long bytes = size * static_cast<long>(sizeof(real)),
             pages = bytes >= huge_page ? bytes / page * page : 0;
  const bool handed_back = pages > 0 && madvise(data, pages, MADV_DONTNEED) == 0;
  std::fill(data + (handed_back ? pages / static_cast<long>(sizeof(real)) : 0), data + size,
            real(0));
}

OwnBuffers::OwnBuffers() {
  if (own.scopes == 0) own.free = new std::map<long, std::vector<void*>>;
  own.scopes++;
}
OwnBuffers::~OwnBuffers() {
  if (--own.scopes > 0) return;
  std::lock_guard lock(pool().mutex);
  own.tell(pool().stats);
  for (const auto& [bytes, kept] : *own.free)
    for (void* memory : kept) pool().free[bytes].push_back({memory, std::this_thread::get_id()});
  delete std::exchange(own.free, nullptr);
}

MemoryStats memory_stats() {
  std::lock_guard lock(pool().mutex);
  own.tell(pool().stats);
  return pool().stats;
}

void release_unused() {
  std::lock_guard lock(pool().mutex);
  for (auto& [bytes, waiting] : pool().free) {
    for (const Waiting& w : waiting) std::free(w.memory);
    pool().stats.reserved -= bytes * static_cast<long>(waiting.size());
    waiting.clear();
  }
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux counts in KB
}

}  // namespace excite
