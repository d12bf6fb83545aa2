// The memory behind the buffers of memory.h: blocks from the system, and the free ones by size.
#pragma once
#include <array>
#include <cstdint>
#include <thread>

namespace excite {

// A piece of memory and what is known about it. The record is made together with the memory, so
// putting a block among the free ones allocates nothing and cannot fail.
struct MemoryBlock {
  void* memory = nullptr;
  long bytes = 0;   // its size
  long used = 0;    // bytes that its buffer asked for; the block may be larger
  long wasted = 0;  // bytes - used, when the pool gave it away
  std::thread::id freed_by{};
  long freed_at = 0;  // counts the blocks that were freed in the same FreeBlocks
  MemoryBlock *newer = nullptr, *older = nullptr;  // free blocks of the same size
};

// Sizes are rounded up to a multiple of an eighth of their power of two, so that nearly equal sizes
// share blocks and at most an eighth is wasted. Small sizes are rounded up to a cache line.
long rounded_up(long bytes);

// A new block, aligned to a cache line; 2 MB and more begin at a huge page. std::bad_alloc if the
// system has none.
MemoryBlock* new_block(long bytes);
void delete_block(MemoryBlock* block);  // returns the memory to the system

// Free blocks, by size and by the time when they were freed.
class FreeBlocks {
 public:
  void add(MemoryBlock* block);
  // Each removes a block and returns it, nullptr if there is none:
  // - the one of this size that the thread freed last; if it freed none, the last one,
  MemoryBlock* take(long bytes, std::thread::id thread);
  // - the smallest that is larger, by at most `max_waste` bytes,
  MemoryBlock* take_larger(long bytes, long max_waste);
  // - the one that has been free for the longest time.
  MemoryBlock* take_oldest();

 private:
  struct List {
    MemoryBlock *newest = nullptr, *oldest = nullptr;
  };
  static constexpr std::size_t sizes = 448;  // eight for each power of two
  void remove(MemoryBlock* block);
  // The first index from `begin` on whose list has a block; `sizes` if there is none.
  std::size_t next_filled(std::size_t begin) const;
  std::array<List, sizes> lists_{};
  std::array<std::uint64_t, sizes / 64> filled_{};  // a bit per list: whether it has a block
  long count_ = 0;                                  // of all blocks that were ever added
};

}  // namespace excite
