#include "core/files/text_file.h"

#include <cstdint>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/text.h"

namespace excite {

namespace {

// A byte order mark, or a zero beside one of the first two characters.
bool is_utf16(const std::string& bytes) {
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) return true;
  return bytes.size() >= 2 && (bytes[0] == '\0') != (bytes[1] == '\0');
}

}  // namespace

std::vector<std::string> read_lines(const std::string& path, long max_bytes) {
  const std::vector<std::uint8_t> read = read_file(path, max_bytes);
  std::string bytes(read.begin(), read.end());
  require<FileError>(!is_utf16(bytes), path,
                     ": is a text in UTF-16, expected UTF-8; in an editor, save it as UTF-8");
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.erase(0, 3);
  std::vector<std::string> lines = split(bytes, '\n');
  for (std::size_t i = 0; i < lines.size(); i++) {
    while (!lines[i].empty() && (lines[i].back() == '\r' || lines[i].back() == ' '))
      lines[i].pop_back();
    require<FileError>(is_utf8(lines[i]), path, ": line ", i + 1, " is not text in UTF-8");
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace excite
