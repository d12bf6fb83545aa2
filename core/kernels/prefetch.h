// Memory is idle while numbers in the cache are multiplied. So a product fetches a part of the
// numbers that are used next.
#pragma once

namespace excite {

struct Range {
  long begin, end;
};

// Fetches the part of a range of numbers from begin / whole to end / whole of it.
template <class Number>
void prefetch_part(const Number* numbers, const Range& range, long begin, long end, long whole) {
  constexpr long numbers_per_cache_line = 64 / static_cast<long>(sizeof(Number));
  const long size = range.end - range.begin;
  for (long i = range.begin + size * begin / whole; i < range.begin + size * end / whole;
       i += numbers_per_cache_line)
    __builtin_prefetch(numbers + i);
}

}  // namespace excite
