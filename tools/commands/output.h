// How results are printed: numbers for people, JSON for programs.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace excite {

std::string grouped(long number);  // "40,815,200"

// UsageError that names --out unless the path ends in `extension`, such as ".svg".
void require_extension(const std::string& path, const std::string& extension);

// UsageError if `out` is one of the files that are read, also through links.
void require_not_an_input(const std::string& out, const std::vector<std::string>& inputs);

// To standard output. Bytes of a file name that are not UTF-8 become U+FFFD.
void print_json(const nlohmann::ordered_json& json);

}  // namespace excite
