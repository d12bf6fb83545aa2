#include "core/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/crc.h"
#include "core/files/file_kind.h"

namespace excite {

namespace {

constexpr long chunk = 1 << 20;

// The checksum is the CRC-32C of the whole file, computed with zeros in place of its own eight
// digits. So the digits need a fixed position: the metadata come first, and the checksum first in
// them.
const std::string checksum_key = "crc32c", checksum_before = R"({"__metadata__":{"crc32c":")",
                  no_checksum = "00000000";

// Every file begins with the length of the header, in eight bytes.
std::string length_bytes(std::uint64_t n) { return {reinterpret_cast<const char*>(&n), 8}; }

std::string hexadecimal(std::uint32_t number) {
  std::ostringstream out;
  out << std::hex << std::setw(8) << std::setfill('0') << number;
  return out.str();
}

// IEEE 754 half precision: sign, 5 bits of exponent, 10 bits of fraction. Shifted to the positions
// of a float, the exponent is too small by 112. Multiplying by 2^112 corrects this, for subnormal
// numbers too. Infinity and NaN have an exponent of all ones in both formats.
float from_half(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000) << 16,
                      rest = static_cast<std::uint32_t>(h & 0x7fff) << 13;
  if (rest >= 0x0f800000) return std::bit_cast<float>(sign | 0x7f800000 | rest);
  return std::bit_cast<float>(sign |
                              std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest) * 0x1p112f));
}
// BF16 is the upper half of a float.
float from_bfloat(std::uint16_t h) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(h) << 16);
}

// Reads numbers of type T from `offset` on, one chunk at a time, and stores convert(number) of
// each.
template <class T, class Convert>
void read_converted(const InputFile& file, long offset, Tensor& to, Convert convert) {
  constexpr long at_once = chunk / static_cast<long>(sizeof(T));
  std::vector<T> part(std::min(at_once, to.size()));
  for (long done = 0; done < to.size(); done += at_once) {
    const long count = std::min(at_once, to.size() - done);
    file.read(offset + done * static_cast<long>(sizeof(T)), part.data(),
              count * static_cast<long>(sizeof(T)));
    std::transform(part.begin(), part.begin() + count, to.begin() + done,
                   [&](T number) { return static_cast<real>(convert(number)); });
  }
}

// FileError if the file begins as one of another kind does. `length` are its first eight bytes,
// read as the length of a header.
void refuse_other_kinds(const InputFile& file, std::uint64_t length) {
  std::string first(std::min(file_kind_bytes, file.size()), ' ');
  file.read(0, first.data(), static_cast<long>(first.size()));
  if (length <= max_header_bytes && first.size() > 8 && first[8] == '{') return;
  const std::string_view kind = file_kind(first);
  require<FileError>(kind.empty(), file.path(), ": ", kind);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path) : file_(path) {
  require<FileError>(file_.size() >= 8, path, ": has ", file_.size(),
                     " bytes, expected at least 8 in a safetensors file");
  std::uint64_t length;
  file_.read(0, &length, 8);
  refuse_other_kinds(file_, length);
  require<FileError>(length <= max_header_bytes, path,
                     ": is not a safetensors file, or is damaged: byte 0: the header length is ",
                     length, " bytes, expected at most ", max_header_bytes);
  const long header_bytes = static_cast<long>(length);
  require<FileError>(header_bytes <= file_.size() - 8, path, ": byte 0: the header length is ",
                     header_bytes, " bytes, but only ", file_.size() - 8, " bytes follow");
  data_begin_ = 8 + header_bytes;
  std::string json(length, ' ');
  file_.read(8, json.data(), header_bytes);
  header_ = parse_header(json, path, file_.size() - data_begin_);
  if (header_.metadata.contains(checksum_key)) verify_checksum(std::move(json));
}

void SafetensorsFile::verify_checksum(std::string json) {
  const std::string stored = header_.metadata[checksum_key];
  const std::size_t digits = no_checksum.size();
  require<FileError>(stored.size() == digits && json.starts_with(checksum_before + stored + '"'),
                     path(), ": the checksum ", in_quotes(stored),
                     " is not where excite writes it: another program has rewritten the file and "
                     "kept the checksum; delete \"crc32c\" from the metadata");
  json.replace(checksum_before.size(), digits, no_checksum);
  std::uint32_t crc = crc32c(json.data(), json.size(), crc32c(length_bytes(json.size()).data(), 8));
  std::vector<char> part(std::min(chunk, file_.size() - data_begin_));
  for (long at = data_begin_; at < file_.size(); at += chunk) {
    const long count = std::min(chunk, file_.size() - at);
    file_.read(at, part.data(), count);
    crc = crc32c(part.data(), count, crc);
  }
  require<FileError>(
      hexadecimal(crc) == stored, path(), ": is damaged: its CRC-32C is ", hexadecimal(crc),
      ", expected ", stored,
      " as written; use another copy (if another program changed the file on purpose, delete "
      "\"crc32c\" from the metadata)");
  header_.metadata.erase(checksum_key);
  has_checksum_ = true;
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> all;
  for (const auto& item : header_.tensors) all.push_back(item.first);
  return all;
}

const TensorEntry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = header_.tensors.find(name);
  require<FileError>(found != header_.tensors.end(), path(), ": has no tensor ", in_quotes(name));
  return found->second;
}

Tensor SafetensorsFile::read(const std::string& name) const {
  const TensorEntry& t = entry(name);
  require<FileError>(t.dims.size() <= Shape::max_rank, path(), ": tensor ", in_quotes(name),
                     " has ", t.dims.size(), " dimensions, expected at most ", Shape::max_rank);
  Tensor numbers{Shape(t.dims)};
  const long offset = data_begin_ + t.begin;
  if (t.dtype == "F32")
    read_converted<float>(file_, offset, numbers, std::identity());
  else if (t.dtype == "F64")
    read_converted<double>(file_, offset, numbers, std::identity());
  else if (t.dtype == "F16")
    read_converted<std::uint16_t>(file_, offset, numbers, from_half);
  else if (t.dtype == "BF16")
    read_converted<std::uint16_t>(file_, offset, numbers, from_bfloat);
  else
    throw FileError(text(path(), ": tensor ", in_quotes(name), " holds ", t.dtype,
                         ", expected F16, BF16, F32 or F64"));
  return numbers;
}

std::vector<long> SafetensorsFile::read_integers(const std::string& name) const {
  const TensorEntry& t = entry(name);
  require<FileError>(t.dtype == "I64", path(), ": tensor ", in_quotes(name), " holds ", t.dtype,
                     ", expected I64");
  std::vector<long> values(static_cast<std::size_t>(t.end - t.begin) / sizeof(long));
  file_.read(data_begin_ + t.begin, values.data(), t.end - t.begin);
  return values;
}

namespace {

// A tensor of either kind, as bytes and a header entry.
struct Piece {
  std::string name, dtype;
  std::vector<long> dims;
  const void* data;
  std::size_t bytes, width;  // width: bytes per number

  explicit Piece(const TensorToWrite& t) : name(t.name) {
    if (const auto* integers = std::get_if<Integers>(&t.numbers)) {
      const auto count = static_cast<long>(integers->values.size());
      const Shape shape(integers->dims);
      require(shape.size() == count, "writing tensor ", in_quotes(name), ": ", count,
              " integers were given, expected ", shape.size(), " for shape ", shape);
      dtype = "I64", dims = integers->dims, data = integers->values.data(), width = sizeof(long),
      bytes = integers->values.size() * width;
    } else {
      const Tensor& tensor = *std::get<const Tensor*>(t.numbers);
      dtype = sizeof(real) == 4 ? "F32" : "F64", dims = tensor.shape().dims(), data = tensor.data(),
      width = sizeof(real);
      bytes = static_cast<std::size_t>(tensor.size()) * width;
    }
  }
};

// `s` as a JSON string. The exception of the JSON library does not name the tensor, so it is
// replaced.
std::string json_string(const std::string& s) {
  try {
    return nlohmann::json(s).dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(text("writing safetensors: ", in_quotes(s), " is not valid UTF-8"));
  }
}

std::string header_of(const std::map<std::string, std::string>& metadata,
                      const std::vector<Piece>& pieces) {
  std::string json = checksum_before + no_checksum + '"';
  for (const auto& [key, value] : metadata)
    json += ',' + json_string(key) + ':' + json_string(value);
  json += '}';
  std::size_t begin = 0;
  for (const Piece& p : pieces) {
    json += text(',', json_string(p.name), R"(:{"dtype":")", p.dtype, R"(","shape":[)");
    for (std::size_t i = 0; i < p.dims.size(); i++) json += text(i ? "," : "", p.dims[i]);
    json += text(R"(],"data_offsets":[)", begin, ',', begin + p.bytes, "]}");
    begin += p.bytes;
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');  // so that the numbers are aligned in the file
  return json;
}

}  // namespace

void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorToWrite>& tensors) {
  std::vector<Piece> pieces(tensors.begin(), tensors.end());
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.width != b.width ? a.width > b.width : a.name < b.name;
  });
  std::set<std::string> names = {"__metadata__"};
  for (const Piece& p : pieces) {
    const std::string error = tensor_name_error(p.name);
    require(error.empty(), "writing ", path, ": the name of tensor ", in_quotes(p.name), " ",
            error);
    require(names.insert(p.name).second, "writing ", path, ": the name ", in_quotes(p.name),
            " is used twice, expected a different name for each tensor");
  }
  require(!metadata.contains(checksum_key), "writing ", path,
          ": the metadata key 'crc32c' is reserved for the checksum");
  std::string json = header_of(metadata, pieces);
  require(static_cast<long>(pieces.size()) <= max_tensors &&
              static_cast<long>(json.size()) <= max_header_bytes,
          "writing ", path, ": ", pieces.size(), " tensors and a header of ", json.size(),
          " bytes, expected at most ", max_tensors, " and ", max_header_bytes,
          ", so that the file can be read");

  const std::string length = length_bytes(json.size());
  std::uint32_t crc = crc32c(json.data(), json.size(), crc32c(length.data(), length.size()));
  for (const Piece& p : pieces) crc = crc32c(p.data, p.bytes, crc);
  json.replace(checksum_before.size(), no_checksum.size(), hexadecimal(crc));

  write_atomically(path, [&](FileWriter& out) {
    out.write(length + json);
    for (const Piece& p : pieces) out.write(p.data, p.bytes);
  });
}

}  // namespace excite
