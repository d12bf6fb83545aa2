// Reads the input as a list of numbers on the command line, such as --milestones 8,12.
#include "core/check.h"
#include "tests/fuzz/fuzz.h"
#include "tools/commands/number_options.h"

int fuzz_numbers(const std::uint8_t* data, std::size_t size) {
  try {
    excite::numbers_of_list("--list", std::string(data, data + size), "numbers");
  } catch (const excite::UsageError&) {}
  return 0;
}
