// How results are printed: numbers for people, JSON for programs.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace excite {

std::string grouped(long number);  // 40,815,200
std::string printable(
    const std::string& text);  // without control characters, which a terminal would obey
void print_json(const nlohmann::ordered_json&
                    json);  // to standard output; what is not UTF-8 in a file's name becomes U+FFFD

}  // namespace excite
