// Numbers on the command line.
#pragma once
#include <string>
#include <vector>

#include "tools/commands/commands.h"

namespace excite {

// Every option of a subcommand that CLI11 reads a number for then takes a decimal number and
// nothing else, and refuses others by what was typed.
void read_numbers_strictly(CLI::App& app);

// The numbers of a list such as 8,12, given with `option`; else a UsageError that says what is
// expected.
std::vector<double> numbers_of_list(const std::string& option, const std::string& list,
                                    const std::string& expected);

}  // namespace excite
