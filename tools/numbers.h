// Numbers on the command line.
#pragma once
#include "tools/commands.h"

namespace excite {

// Every option of every subcommand that takes numbers then takes whole words of digits only, in base 10, and refuses others by what was typed.
void read_numbers_strictly(CLI::App& app);

}  // namespace excite
