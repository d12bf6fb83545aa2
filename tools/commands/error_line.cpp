#include "tools/commands/error_line.h"

namespace excite {

namespace {
std::string& origin() {
  static std::string name;
  return name;
}
}  // namespace

void set_error_origin(const std::string& name) { origin() = name; }
const std::string& error_origin() { return origin(); }

}  // namespace excite
