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
#include <utility>
#include <vector>

#include "core/check.h"

namespace excite {

namespace {

constexpr long cache_line = 64;
constexpr long huge_page = 2l << 20;

// Sizes are rounded up to an eighth of their power of two, so that nearly equal ones share buffers and at most an eighth is wasted.
long rounded(long bytes) {
  const long grain = std::max(cache_line, static_cast<long>(std::bit_floor(static_cast<unsigned long>(bytes))) / 8);
  return (bytes + grain - 1) / grain * grain;
}

using Waiting = std::map<long, std::vector<void*>>;  // by size in bytes

struct Pool {
  std::mutex mutex;
  Waiting waiting;
  MemoryStats stats{};
};
// Never destroyed: tensors with static lifetime may be freed after main has ended.
Pool& pool() {
  static Pool& forever = *new Pool;
  return forever;
}

// What a thread has given back it gets again, from a shelf of its own: in its core's cache it may still be, and nobody has to be asked. A shelf has
// room for as many buffers of a size as an operation has at once, and no more, as a thread may give back what others have made, such as pictures that
// were read beside a step.
struct Shelf {
  static constexpr std::size_t room = 4;
  static constexpr long many_bytes = 64 << 10;  // that the pool has to hear of: less than any activation, more than what a gate computes
  Waiting waiting;
  long live = 0, peak = 0;  // bytes taken less bytes given back since the pool was last told, and the most that they came to

  void tell() {  // with the pool's mutex held
    MemoryStats& stats = pool().stats;
    stats.peak = std::max(stats.peak, stats.live + peak);
    stats.live += live;
    live = peak = 0;
  }
};

// Null once this thread has begun to end; what its last buffers give back goes to the pool.
thread_local Shelf* shelf = nullptr;
thread_local bool shelf_is_closed = false;
struct Closing {
  ~Closing() {
    const std::lock_guard lock(pool().mutex);
    shelf->tell();
    for (auto& [bytes, buffers] : shelf->waiting) {
      std::vector<void*>& waiting = pool().waiting[bytes];
      waiting.insert(waiting.end(), buffers.begin(), buffers.end());
    }
    delete std::exchange(shelf, nullptr);
    shelf_is_closed = true;
  }
};
Shelf* own_shelf() {
  if (!shelf && !shelf_is_closed) {
    shelf = new Shelf;
    thread_local const Closing closing;
    static_cast<void>(closing);
  }
  return shelf;
}

void* taken_from(Waiting& waiting, long bytes) {
  const auto found = waiting.find(bytes);
  if (found == waiting.end() || found->second.empty()) return nullptr;
  void* memory = found->second.back();
  found->second.pop_back();
  return memory;
}

void* from_system(long bytes) {
  const bool is_large = bytes >= huge_page;
  void* memory = nullptr;
  if (posix_memalign(&memory, static_cast<std::size_t>(is_large ? huge_page : cache_line), static_cast<std::size_t>(bytes))) throw std::bad_alloc();
  if (is_large) madvise(memory, static_cast<std::size_t>(bytes), MADV_HUGEPAGE);
  return memory;
}

// Counts bytes, taken or (below 0) given back. The pool hears of those on a shelf as soon as they are many.
void count(Shelf* own, long bytes) {
  Shelf none;
  Shelf& here = own ? *own : none;
  here.live += bytes;
  here.peak = std::max(here.peak, here.live);
  if (own && std::abs(here.live) < Shelf::many_bytes) return;
  const std::lock_guard lock(pool().mutex);
  here.tell();
}

void* take(long bytes) {
  Shelf* own = own_shelf();
  void* memory = own ? taken_from(own->waiting, bytes) : nullptr;
  if (!memory) {
    const std::lock_guard lock(pool().mutex);
    memory = taken_from(pool().waiting, bytes);
    if (!memory) {
      memory = from_system(bytes);
      pool().stats.reserved += bytes;
      pool().stats.allocated++;
    }
  }
  count(own, bytes);
  return memory;
}

void give_back(void* memory, long bytes) {
  Shelf* own = own_shelf();
  count(own, -bytes);
  if (own && own->waiting[bytes].size() < Shelf::room) {
    own->waiting[bytes].push_back(memory);
  } else {
    const std::lock_guard lock(pool().mutex);
    pool().waiting[bytes].push_back(memory);
  }
}

}  // namespace

Buffer::Buffer(long size) {
  constexpr long bytes_each = sizeof(real);
  require(size <= LONG_MAX / 2 / bytes_each, "a buffer of ", size, " numbers has more bytes than can be counted");
  if (size <= 0) return;
  bytes_ = rounded(size * bytes_each);
  data_ = static_cast<real*>(take(bytes_));
}
Buffer::~Buffer() {
  if (data_) give_back(data_, bytes_);
}
Buffer::Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

// Pages that are handed back are zero when they are next looked at. Large buffers begin on one.
void clear_untouched(real* data, long size) {
  constexpr long page = 1 << 16;
  const long bytes = size * static_cast<long>(sizeof(real)), pages = bytes >= huge_page ? bytes / page * page : 0;
  const bool handed_back = pages > 0 && madvise(data, static_cast<std::size_t>(pages), MADV_DONTNEED) == 0;
  std::fill(data + (handed_back ? pages / static_cast<long>(sizeof(real)) : 0), data + size, real(0));
}

MemoryStats memory_stats() {
  const std::lock_guard lock(pool().mutex);
  if (shelf) shelf->tell();
  return pool().stats;
}

void release_unused() {
  const std::lock_guard lock(pool().mutex);
  for (Waiting* all : {&pool().waiting, shelf ? &shelf->waiting : nullptr}) {
    if (!all) continue;
    for (const auto& [bytes, waiting] : *all) {
      for (void* memory : waiting) std::free(memory);
      pool().stats.reserved -= bytes * std::ssize(waiting);
    }
    all->clear();
  }
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux counts in KB
}

}  // namespace excite
