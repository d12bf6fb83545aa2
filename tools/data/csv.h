// Files of comma-separated values (RFC 4180).
#pragma once
#include <string>
#include <vector>

namespace excite {

// The word as a field: in double quotes if it contains a comma, a quote or a line break.
std::string csv_field(const std::string& word);

// The fields of a line; quotes around them are removed. Nothing if a quote has no end, or stands
// inside of a field without quotes.
std::vector<std::string> csv_fields(const std::string& line);

}  // namespace excite
