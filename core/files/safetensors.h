// Tensors by name in a file, in the safetensors format that PyTorch users share. It contains data
// only, no code, and is checked completely before any number is used. Names and layouts are those
// of the file; the caller permutes the dimensions if it needs another order.
#pragma once
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/files/input_file.h"
#include "core/files/safetensors_header.h"
#include "core/tensor.h"

namespace excite {

// Opening checks the whole header, and the checksum if the file has one (write_safetensors adds
// one). Numbers are read on demand, so a model can be filled tensor by tensor without holding the
// file in memory too.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  // Without the checksum.
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  bool has_checksum() const { return has_checksum_; }
  std::vector<std::string> names() const;  // sorted
  // Whether the file has a tensor of this name.
  bool contains(const std::string& name) const { return header_.tensors.contains(name); }

  // These throw a FileError if there is no such tensor, or if its type or rank is another.
  const TensorEntry& entry(const std::string& name) const;
  Tensor read(const std::string& name) const;  // F16, BF16, F32 or F64 of rank at most 4, as reals
  // I64 of any shape, in storage order.
  std::vector<long> read_integers(const std::string& name) const;

 private:
  void verify_checksum(std::string json);

  InputFile file_;
  SafetensorsHeader header_;
  long data_begin_ = 0;
  bool has_checksum_ = false;
};

// A tensor of integers: its dimensions, and its numbers in storage order.
struct Integers {
  std::vector<long> dims, values;
};

struct TensorToWrite {
  std::string name;
  // A tensor is written as F32 (in the double build as F64), integers as I64.
  std::variant<const Tensor*, Integers> numbers;
};

// Saves atomically. The same arguments give the same bytes: tensors are sorted by the width of
// their numbers (widest first), then by name; metadata by key. Error if the arguments would give an
// invalid file, FileError if it cannot be written.
void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorToWrite>& tensors);

}  // namespace excite
