// How results are printed: numbers for people, JSON for programs.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace excite {

std::string grouped(long number);  // "40,815,200"

// To standard output. Bytes of a file name that are not UTF-8 become U+FFFD.
void print_json(const nlohmann::ordered_json& json);

}  // namespace excite
