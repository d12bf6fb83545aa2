// Memory for small requests when the system has none. CLI11 and nlohmann/json allocate in functions
// that may not throw, destructors among them; OpenBLAS and glibc do not check what malloc gives
// them. There a failure would end the program without a word. So the program's operator new and
// malloc serve small requests from a reserve then. What takes much memory, tensors and images,
// still fails with std::bad_alloc, and ends the command with a sentence.
//
// The reserve is taken once and never refilled. operator new leaves its last parts: one for
// allocations while an exception unwinds the stack, and one for malloc, whose callers may not
// check. The library leaves all these functions as they are, and so do the sanitizers, which
// replace them themselves.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <new>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// glibc's own functions under their second names.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void __libc_free(void* memory);
}

namespace {

constexpr std::size_t reserve_bytes = 2 << 20, kept_for_malloc = 1 << 19,
                      kept_for_unwinding = 1 << 18, largest = 1 << 16, largest_of_malloc = 1 << 18;
alignas(std::max_align_t) unsigned char reserve[reserve_bytes];  // zeros, and used only once
std::atomic<std::size_t> reserve_used = 0;

// The next bytes of the reserve, up to `end`; nullptr if these are too few.
void* from_reserve(std::size_t bytes, std::size_t end) {
  constexpr std::size_t alignment = alignof(std::max_align_t);
  const std::size_t rounded =
      (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  std::size_t begin = reserve_used;
  do
    if (begin + rounded > end) return nullptr;
  while (!reserve_used.compare_exchange_weak(begin, begin + rounded));
  return reserve + begin;
}

bool is_in_reserve(const void* memory) {
  return !std::less<const void*>()(memory, reserve) &&
         std::less<const void*>()(memory, reserve + reserve_bytes);
}

void* from_reserve_of_malloc(std::size_t bytes) {
  if (void* memory = bytes <= largest_of_malloc ? from_reserve(bytes, reserve_bytes) : nullptr)
    return memory;
  errno = ENOMEM;
  return nullptr;
}

}  // namespace

extern "C" void* malloc(std::size_t bytes) noexcept {
  void* memory = __libc_malloc(bytes);
  return memory ? memory : from_reserve_of_malloc(bytes);
}
extern "C" void* calloc(std::size_t count, std::size_t bytes) noexcept {
  if (void* memory = __libc_calloc(count, bytes)) return memory;
  std::size_t all = 0;
  if (__builtin_mul_overflow(count, bytes, &all)) all = reserve_bytes;
  return from_reserve_of_malloc(all);
}
extern "C" void* realloc(void* old, std::size_t bytes) noexcept {
  if (!is_in_reserve(old)) return __libc_realloc(old, bytes);
  void* memory = malloc(bytes);
  const auto to_end =
      static_cast<std::size_t>(reserve + reserve_bytes - static_cast<unsigned char*>(old));
  if (memory) std::memcpy(memory, old, std::min(bytes, to_end));
  return memory;
}
extern "C" void free(void* memory) noexcept {
  if (!is_in_reserve(memory)) __libc_free(memory);
}

void* operator new(std::size_t bytes) {
  if (void* memory = __libc_malloc(bytes)) return memory;
  const std::size_t end =
      reserve_bytes - kept_for_malloc - (std::uncaught_exceptions() > 0 ? 0 : kept_for_unwinding);
  if (void* memory = bytes <= largest ? from_reserve(bytes, end) : nullptr) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

#endif
