#include "tools/commands/output.h"

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/text.h"

namespace excite {

std::string grouped(long number) {
  std::string digits = std::to_string(number);
  const long first = number < 0 ? 1 : 0;
  for (long i = static_cast<long>(digits.size()) - 3; i > first; i -= 3) digits.insert(i, 1, ',');
  return digits;
}

void require_extension(const std::string& path, const std::string& extension) {
  require<UsageError>(path.ends_with(extension) || is_standard_output(path), "--out ", path,
                      ": expected a name that ends in ", extension,
                      ", the format in which the image is written");
}

void require_not_an_input(const std::string& out, const std::vector<std::string>& inputs) {
  std::error_code none;  // `out` need not exist
  for (const std::string& in : inputs)
    require<UsageError>(!std::filesystem::equivalent(in, out, none), "the output ", out,
                        " is the input ", in, ", which would be lost; give another name");
}

std::FILE* report_stream(const std::string& file) {
  return !file.empty() && is_standard_output(file) ? stderr : stdout;
}

void require_json_alone(bool json, const std::string& csv) {
  require<UsageError>(!json || report_stream(csv) == stdout, "--csv ", csv,
                      " cannot be combined with --json, as both are standard output; give the name "
                      "of a file");
}

void print_json(const nlohmann::ordered_json& json) {
  const std::string all =
      json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::cout << printable_json(all) << "\n";
}

}  // namespace excite
