#include "tools/commands/next_commands.h"

#include <cstdio>
#include <filesystem>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace fs = std::filesystem;

namespace {

std::string quoted_with_escapes(const std::string& word) {
  std::string quoted = "$'";
  for (const char c : word) {
    char escape[8];
    const unsigned byte = static_cast<unsigned char>(c);
    std::snprintf(escape, sizeof escape, "\\x%02x", byte);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\';
    quoted += plain ? std::string(1, c) : escape;
  }
  return quoted + "'";
}

}  // namespace

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
  if (printable(word) != word) return quoted_with_escapes(word);
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
              "\npredict:  ", program, " predict --weights ", weights,
              " IMAGE...\ncontinue: ", program, " train --weights ", weights, " --data ",
              shell_quoted(data));
}

}  // namespace excite
