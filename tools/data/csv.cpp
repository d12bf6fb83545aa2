#include "tools/data/csv.h"

namespace excite {

std::string csv_field(const std::string& word) {
  if (word.find_first_of(",\"\r\n") == std::string::npos) return word;
  std::string quoted = "\"";
  for (const char c : word) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields{""};
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); i++) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"')
      fields.back() += line[i++];
    else if (quoted && c == '"' && (i + 1 == line.size() || line[i + 1] == ','))
      quoted = false;
    else if (!quoted && c == '"' && fields.back().empty() && (i == 0 || line[i - 1] == ','))
      quoted = true;
    else if (!quoted && c == ',')
      fields.emplace_back();
    else if (c == '"')
      return {};
    else
      fields.back() += c;
  }
  if (quoted) return {};
  return fields;
}

}  // namespace excite
