// What is said at the end of a training run: where the weights are, and the commands that go on
// from there.
#pragma once
#include <string>

#include "tools/training/run_folder.h"

namespace excite {

std::string program_path();  // of this program, as short as it can be typed here
std::string shell_quoted(
    const std::string& word);  // as it is, or in '...' if a shell would take it apart

std::string resume_command(const RunFolder& folder);
std::string what_now(const RunFolder& folder,
                     const std::string& data);  // four lines: weights, evaluate, predict, resume

}  // namespace excite
