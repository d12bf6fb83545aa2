// The header of a safetensors file: a JSON object that says where in the data each tensor lies.
// Nothing in it is believed before all of it has been checked. The rules are in
// core/files/README.md.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace excite {

struct TensorEntry {
  std::string dtype;  // "F32", "I64", ...
  std::vector<long> dims;
  long begin, end;  // bytes of the data, from after the header; row-major, little-endian
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::map<std::string, TensorEntry> tensors;
};

constexpr long max_header_bytes = 16l << 20, max_tensors = 100000, max_name_bytes = 1024;
constexpr std::size_t max_dims = 8;

// Checks every rule, for a file that has `data_bytes` bytes after its header; FileError if one is
// broken.
SafetensorsHeader parse_header(const std::string& json, const std::string& path, long data_bytes);

// Why `name` cannot name a tensor; empty if it can.
std::string fault_of_name(const std::string& name);
std::string in_brackets(const std::vector<long>& dims);  // [2, 3]
std::string in_quotes(
    const std::string& name);  // 'name', fit to be printed: cut at 80 bytes, control bytes as ?

}  // namespace excite
