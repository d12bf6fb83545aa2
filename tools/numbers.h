// Numbers on the command line.
#pragma once
#include "tools/commands.h"

namespace excite {

// Every option of a subcommand that CLI11 reads a number for then takes a decimal number and nothing else, and refuses others by what was typed.
void read_numbers_strictly(CLI::App& app);

}  // namespace excite
