// Files of comma-separated values (RFC 4180).
#pragma once
#include <string>

namespace excite {

// The word as a field: in double quotes if it contains a comma, a quote or a line break.
std::string csv_field(const std::string& word);

}  // namespace excite
