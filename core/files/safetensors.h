// Tensors by name in a file, in the safetensors format that PyTorch's world shares: data only, no
// code, and checked to the last bit before a number of it is used. Names and layouts are those of
// the file; whoever needs another order permutes.
#pragma once
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/files/input_file.h"
#include "core/files/safetensors_header.h"
#include "core/tensor.h"

namespace excite {

// Opening checks the whole header, and the checksum if the file has one (all that we write do).
// Numbers are read when they are asked for, so a model can be filled tensor by tensor without
// holding its file in memory too.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::map<std::string, std::string>& metadata() const {
    return header_.metadata;
  }  // without the checksum
  bool has_checksum() const { return has_checksum_; }
  std::vector<std::string> names() const;  // sorted
  bool contains(const std::string& name) const { return header_.tensors.contains(name); }
  const TensorEntry& entry(
      const std::string& name) const;  // FileError if there is none, as in what follows

  Tensor read(const std::string& name) const;  // F16, BF16, F32 or F64, rank at most 4, as reals
  std::vector<long> read_integers(
      const std::string& name) const;  // I64, any shape, in storage order

 private:
  void verify_checksum(std::string json);

  InputFile file_;
  SafetensorsHeader header_;
  long data_begin_ = 0;
  bool has_checksum_ = false;
};

struct Integers {
  std::vector<long> dims, values;
};

struct TensorToWrite {
  std::string name;
  std::variant<const Tensor*, Integers>
      numbers;  // a tensor is written as F32, by the double build as F64; integers as I64
};

// Saves atomically. The same arguments give the same bytes: tensors with the widest numbers come
// first, then by name; metadata by key. Error if the arguments make no valid file, FileError if it
// cannot be written.
void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorToWrite>& tensors);

}  // namespace excite
