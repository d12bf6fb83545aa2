#include "core/memory_parts.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace excite {

namespace {

constexpr long cache_line = 64;
constexpr long huge_page = 2l << 20;

long power_of_two(long bytes) {
  return static_cast<long>(std::bit_floor(static_cast<unsigned long>(bytes)));
}

// The place of a rounded size in the order of sizes: 64, 128, ..., 512, 576, ...
std::size_t index_of(long bytes) {
  const long power = power_of_two(bytes);
  if (power < 8 * cache_line) return static_cast<std::size_t>(bytes / cache_line);
  const int doublings = std::countr_zero(static_cast<unsigned long>(power / (8 * cache_line)));
  return static_cast<std::size_t>(8 + 8 * doublings + (bytes - power) / (power / 8));
}

// Pages of their own: malloc might keep them after free(). What lies before the first huge page and
// behind the last byte is returned.
void* map_pages(long bytes) {
  const std::size_t all = static_cast<std::size_t>(bytes + huge_page);
  void* mapped = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* begin = static_cast<char*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = (huge_page - address % huge_page) % huge_page,
                    behind = huge_page - before;
  if (before > 0) munmap(begin, before);
  if (behind > 0) munmap(begin + before + bytes, behind);
  madvise(begin + before, static_cast<std::size_t>(bytes), MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

long rounded_up(long bytes) {
  const long grain = std::max(cache_line, power_of_two(bytes) / 8);
  return (bytes + grain - 1) / grain * grain;
}

MemoryBlock* new_block(long bytes) {
  auto block = std::make_unique<MemoryBlock>();
  block->bytes = bytes;
  if (bytes >= huge_page)
    block->memory = map_pages(bytes);
  else if (posix_memalign(&block->memory, cache_line, static_cast<std::size_t>(bytes)) != 0)
    throw std::bad_alloc();
  return block.release();
}

void delete_block(MemoryBlock* block) {
  if (block->bytes >= huge_page)
    munmap(block->memory, static_cast<std::size_t>(block->bytes));
  else
    std::free(block->memory);
  delete block;
}

void FreeBlocks::add(MemoryBlock* block) {
  const std::size_t index = index_of(block->bytes);
  List& list = lists_[index];
  filled_[index / 64] |= 1ull << index % 64;
  block->freed_at = count_++;
  block->newer = nullptr;
  block->older = list.newest;
  (list.newest ? list.newest->newer : list.oldest) = block;
  list.newest = block;
}

void FreeBlocks::remove(MemoryBlock* block) {
  const std::size_t index = index_of(block->bytes);
  List& list = lists_[index];
  (block->newer ? block->newer->older : list.newest) = block->older;
  (block->older ? block->older->newer : list.oldest) = block->newer;
  if (!list.newest) filled_[index / 64] &= ~(1ull << index % 64);
}

std::size_t FreeBlocks::next_filled(std::size_t begin) const {
  for (std::size_t i = begin; i < sizes; i = (i / 64 + 1) * 64)
    if (const std::uint64_t bits = filled_[i / 64] >> i % 64)
      return i + static_cast<std::size_t>(std::countr_zero(bits));
  return sizes;
}

MemoryBlock* FreeBlocks::take(long bytes, std::thread::id thread) {
  MemoryBlock* block = lists_[index_of(bytes)].newest;
  if (!block) return nullptr;
  for (MemoryBlock* own = block; own; own = own->older)
    if (own->freed_by == thread) {
      block = own;
      break;
    }
  remove(block);
  return block;
}

MemoryBlock* FreeBlocks::take_larger(long bytes, long max_waste) {
  const std::size_t index = next_filled(index_of(bytes) + 1);
  if (index == sizes) return nullptr;
  MemoryBlock* block = lists_[index].newest;
  if (block->bytes - bytes > max_waste) return nullptr;
  remove(block);
  return block;
}

MemoryBlock* FreeBlocks::take_oldest() {
  MemoryBlock* oldest = nullptr;
  for (std::size_t i = next_filled(0); i < sizes; i = next_filled(i + 1))
    if (MemoryBlock* block = lists_[i].oldest; !oldest || block->freed_at < oldest->freed_at)
      oldest = block;
  if (oldest) remove(oldest);
  return oldest;
}

}  // namespace excite
