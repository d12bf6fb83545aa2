// Mistakes on the command line, as sentences.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace excite {

// The command that was called; "" if there is none.
std::string called_command(const CLI::App& app);

// CLI11's error as "--threads 0: expected a whole number from 1 to 1024". An unknown command or
// option comes with the nearest that exists. The command's name is not part of the sentence.
std::string sentence_of(const CLI::App& app, const CLI::ParseError& error);

}  // namespace excite
