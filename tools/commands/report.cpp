#include "tools/commands/report.h"

#include <filesystem>

#include "core/check.h"

namespace excite {

namespace fs = std::filesystem;

std::string program_path() {
  std::error_code error;
  const fs::path absolute = fs::read_symlink("/proc/self/exe", error),
                 relative = fs::proximate(absolute, error);
  if (error) return "excite";
  const bool below_current = !relative.string().starts_with("..") && relative.is_relative();
  if (!below_current) return absolute;
  return relative.has_parent_path() ? relative.string() : "./" + relative.string();
}

std::string shell_quoted(const std::string& word) {
  constexpr const char* plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,=+:@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string resume_command(const RunFolder& folder) {
  return text(shell_quoted(program_path()), " train --resume --out ", shell_quoted(folder.path()));
}

std::string next_commands(const RunFolder& folder, const std::string& data) {
  const std::string program = shell_quoted(program_path()), weights = shell_quoted(folder.last());
  return text("weights:  ", weights, "\nevaluate: ", program, " evaluate --weights ", weights,
              " --data ", shell_quoted(data), "\npredict:  ", program, " predict --weights ",
              weights, " IMAGE...\ncontinue: ", program, " train --weights ", weights, " --data ",
              shell_quoted(data));
}

}  // namespace excite
