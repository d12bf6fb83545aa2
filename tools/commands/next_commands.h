// What is printed at the end of a training run: where the weights are, and the next commands.
#pragma once
#include <string>

#include "tools/training/run_folder.h"

namespace excite {

// The path of this program, relative to the current folder if the program is below it.
std::string program_path();
// The word as a shell takes it: unchanged if possible, otherwise in single quotes; with characters
// that are not printable, as $'...', in which bash and most shells read \x1b as that byte.
std::string shell_quoted(const std::string& word);

std::string resume_command(const RunFolder& folder);
// Four lines: the weights' path, and commands to evaluate, to predict, and to train on from these
// weights in a new run.
std::string next_commands(const RunFolder& folder, const std::string& data);

}  // namespace excite
