// The header of a safetensors file: a JSON object that says where in the data each tensor is. All
// of it is checked before any of it is used. The rules are in core/files/README.md.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace excite {

struct TensorEntry {
  std::string dtype;  // "F32", "I64", ...
  std::vector<long> dims;
  long begin, end;  // its bytes, counted from the end of the header; row-major, little-endian
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::map<std::string, TensorEntry> tensors;
};

constexpr long max_header_bytes = 16l << 20, max_tensors = 100000, max_name_bytes = 1024;
constexpr std::size_t max_dims = 8;

// Parses and checks the header of a file with `data_bytes` bytes after it; FileError if a rule is
// broken. `path` is used in errors.
SafetensorsHeader parse_header(const std::string& json, const std::string& path, long data_bytes);

// Why `name` cannot be the name of a tensor, such as "contains a control character"; empty if it
// can.
std::string tensor_name_error(const std::string& name);
std::string in_brackets(const std::vector<long>& dims);  // [2, 3]
// 'name', safe to print: cut at 80 bytes, with control characters replaced by '?'.
std::string in_quotes(const std::string& name);

}  // namespace excite
