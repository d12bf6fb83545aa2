// Memory for small requests when the system has none. CLI11 and nlohmann/json allocate in functions
// that may not throw, destructors among them, where a failure would end the program without a word.
// So the program's operator new serves small requests from a reserve then. What takes much memory,
// tensors and images, still fails with std::bad_alloc, and ends the command with a sentence.
//
// The reserve is taken once and never refilled. While an exception unwinds the stack, the last part
// of it is used, which is kept for that. The library leaves operator new as it is, and so do the
// sanitizers, which replace it themselves.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>

#ifndef __SANITIZE_ADDRESS__

namespace {

constexpr std::size_t largest = 1 << 16, reserve_bytes = 2 << 20, kept_for_unwinding = 1 << 18;
alignas(std::max_align_t) unsigned char reserve[reserve_bytes];
std::atomic<std::size_t> reserve_used = 0;

void* from_reserve(std::size_t bytes) {
  constexpr std::size_t alignment = alignof(std::max_align_t);
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment,
                    end = reserve_bytes - (std::uncaught_exceptions() > 0 ? 0 : kept_for_unwinding);
  if (bytes > largest || reserve_used + rounded > end) return nullptr;
  const std::size_t begin = reserve_used.fetch_add(rounded);
  return begin + rounded <= end ? reserve + begin : nullptr;
}

bool is_in_reserve(const void* memory) {
  return !std::less<const void*>()(memory, reserve) &&
         std::less<const void*>()(memory, reserve + reserve_bytes);
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  if (void* memory = from_reserve(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void operator delete(void* memory) noexcept {
  if (!is_in_reserve(memory)) std::free(memory);
}
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }

#endif
