// How results are printed: numbers for people, JSON for programs.
#pragma once
#include <cstdio>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace excite {

std::string grouped(long number);  // "40,815,200"

// UsageError that names --out unless the path ends in `extension`, such as ".svg", or is that of
// standard output.
void require_extension(const std::string& path, const std::string& extension);

// UsageError if `out` is one of the files that are read, also through links.
void require_not_an_input(const std::string& out, const std::vector<std::string>& inputs);

// Where to print a report for people beside a file that is written: to standard error if the file
// is standard output, so that this has nothing but the file.
std::FILE* report_stream(const std::string& file);

// UsageError for --json if `csv`, the value of --csv, is standard output as well.
void require_json_alone(bool json, const std::string& csv);

// To standard output. Bytes of a file name that are not UTF-8 become U+FFFD, and what a terminal
// would obey is escaped (printable_json).
void print_json(const nlohmann::ordered_json& json);

}  // namespace excite
