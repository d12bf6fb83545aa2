// How much memory may be used for data whose size an untrusted file declares. A file of a few bytes
// may declare gigabytes, so the size is checked before anything is allocated.
#pragma once
#include <filesystem>
#include <string>

#include "core/check.h"

namespace excite {

// Memory is short: this says nothing about the file. Exit code 1.
struct MemoryError : Error {
  using Error::Error;
};

// The budget of the whole process, in bytes. The default is three quarters of the memory that is
// free when the budget is first needed.
void set_max_memory(long bytes);
long max_memory();

// The memory that this process may still take: what the system has free, within the limits of its
// control groups and of `ulimit -v`. `root` is the folder with sys/ and proc/.
long free_memory(const std::filesystem::path& root = "/");

// MemoryError with both numbers if `bytes` exceed the budget. `what` needs them.
void require_memory(long bytes, const std::string& what);

// A part of the budget. While other threads have too much of it, the constructor waits; so a thread
// must give back its part before it asks for another. MemoryError as require_memory.
class MemoryReservation {
 public:
  MemoryReservation() = default;
  MemoryReservation(long bytes, const std::string& what);
  ~MemoryReservation();
  MemoryReservation(MemoryReservation&& other) noexcept;
  MemoryReservation& operator=(MemoryReservation&& other) noexcept;

 private:
  long bytes_ = 0;
};

}  // namespace excite
