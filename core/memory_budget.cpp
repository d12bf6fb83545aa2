#include "core/memory_budget.h"

#include <sys/resource.h>

#include <algorithm>
#include <climits>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>
#include <utility>

#include "core/control_groups.h"
#include "core/text.h"

namespace excite {

namespace {

// The number after `word` in a file of lines such as "MemAvailable:  1234 kB"; `otherwise` if there
// is none.
long number_after(const std::filesystem::path& file, const std::string& word, long otherwise) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    long value = 0;
    if (words >> first >> value && first == word) return value;
  }
  return otherwise;
}

// What a control group leaves: its limit, less what is used, without the cache of files, which the
// system gives up when it needs memory. The names differ between versions 2 and 1.
long left_in_group(const std::filesystem::path& group) {
  struct Names {
    const char *limit, *used, *cache;
  };
  for (const Names& n :
       {Names{"memory.max", "memory.current", "inactive_file"},
        Names{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}}) {
    const auto limit = parse_number<long>(first_line(group / n.limit)),
               used = parse_number<long>(first_line(group / n.used));
    if (!limit || !used) continue;
    return std::max(0l, *limit - *used + number_after(group / "memory.stat", n.cache, 0));
  }
  return LONG_MAX;
}

// What `ulimit -v` leaves: the limit of addresses, less those in use, which statm counts in pages.
long left_of_addresses(const std::filesystem::path& root) {
  constexpr long page = 4096;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return LONG_MAX;
  const std::vector<std::string> words = split(first_line(root / "proc/self/statm"), ' ');
  const long used = words.empty() ? 0 : parse_number<long>(words[0]).value_or(0) * page;
  return std::max(0l, static_cast<long>(limit.rlim_cur) - used);
}

struct Budget {
  std::mutex mutex;
  std::condition_variable given_back;
  long limit = 0;  // 0: not yet known
  long reserved = 0;
};
// Never destroyed, as objects with static lifetime may hold a part of it.
Budget& budget() {
  static Budget& the_budget = *new Budget;
  return the_budget;
}

long limit_of(Budget& b) {
  if (b.limit == 0) b.limit = std::max(1l, free_memory() / 4 * 3);
  return b.limit;
}

std::string megabytes(long bytes) { return text((bytes + 999'999) / 1'000'000, " MB"); }

void require_within(long limit, long bytes, const std::string& what) {
  require<MemoryError>(bytes <= limit, what, " needs ", megabytes(bytes),
                       " of memory, but at most ", limit / 1'000'000,
                       " MB may be used; --max-memory changes this limit");
}

}  // namespace

long free_memory(const std::filesystem::path& root) {
  constexpr long unknown = LONG_MAX / 1024;
  long left = std::min(1024 * number_after(root / "proc/meminfo", "MemAvailable:", unknown),
                       left_of_addresses(root));
  for (const auto& group : control_groups(root, "memory"))
    left = std::min(left, left_in_group(group));
  return left;
}

void set_max_memory(long bytes) {
  require(bytes >= 1, "set_max_memory: ", bytes, " bytes, expected at least 1");
  std::lock_guard lock(budget().mutex);
  budget().limit = bytes;
}

long max_memory() {
  std::lock_guard lock(budget().mutex);
  return limit_of(budget());
}

void require_memory(long bytes, const std::string& what) {
  require_within(max_memory(), bytes, what);
}

MemoryReservation::MemoryReservation(long bytes, const std::string& what) {
  Budget& b = budget();
  std::unique_lock lock(b.mutex);
  require_within(limit_of(b), bytes, what);
  b.given_back.wait(lock, [&] { return bytes <= limit_of(b) - b.reserved; });
  b.reserved += bytes;
  bytes_ = bytes;
}

MemoryReservation::~MemoryReservation() {
  if (bytes_ == 0) return;
  {
    std::lock_guard lock(budget().mutex);
    budget().reserved -= bytes_;
  }
  budget().given_back.notify_all();
}

MemoryReservation::MemoryReservation(MemoryReservation&& other) noexcept
    : bytes_(std::exchange(other.bytes_, 0)) {}

MemoryReservation& MemoryReservation::operator=(MemoryReservation&& other) noexcept {
  MemoryReservation old(std::move(*this));
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

}  // namespace excite
