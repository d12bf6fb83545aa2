// The source of each operation, with the comment above it, as it was when the program was built.
#pragma once
#include <string>

namespace excite {

struct OpSource {
  const char *op, *file;
  int line;
  const char* text;
};

const OpSource* find_op_source(const std::string& op);  // null if there is none

}  // namespace excite
