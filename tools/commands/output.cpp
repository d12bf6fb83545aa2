#include "tools/commands/output.h"

#include <iostream>

namespace excite {

std::string grouped(long number) {
  std::string digits = std::to_string(number);
  const long first = number < 0 ? 1 : 0;
  for (long i = static_cast<long>(digits.size()) - 3; i > first; i -= 3) digits.insert(i, 1, ',');
  return digits;
}

void print_json(const nlohmann::ordered_json& json) {
  std::cout << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace excite
