// Where an error comes from, for the line that reports it.
#pragma once
#include <string>

namespace excite {

// Of this process, such as "rank 1 on host b"; "" unless it is one of several.
void set_error_origin(const std::string& name);
const std::string& error_origin();

}  // namespace excite
