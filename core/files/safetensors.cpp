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

namespace excite {

namespace {

constexpr long chunk = 1 << 20;

// The checksum is the CRC-32C of the whole file, taken with zeros where its own eight digits stand;
// so they have a fixed place.
const std::string checksum_key = "crc32c", checksum_before = R"({"__metadata__":{"crc32c":")",
                  no_checksum = "00000000";

// What begins every file: how long the header is, in eight bytes.
std::string length_bytes(std::uint64_t n) { return {reinterpret_cast<const char*>(&n), 8}; }

std::string hexadecimal(std::uint32_t number) {
  std::ostringstream out;
  out << std::hex << std::setw(8) << std::setfill('0') << number;
  return out.str();
}

// IEEE 754 half precision: sign, 5 bits of exponent, 10 bits of fraction. Moved to float's places,
// the exponent is 112 too small, which a product with 2^112 mends for subnormal numbers too;
// infinity and NaN have an exponent of all ones in both.
float from_half(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000) << 16,
                      rest = static_cast<std::uint32_t>(h & 0x7fff) << 13;
  if (rest >= 0x0f800000) return std::bit_cast<float>(sign | 0x7f800000 | rest);
  return std::bit_cast<float>(sign |
                              std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest) * 0x1p112f));
}
float from_bfloat(std::uint16_t h) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(h) << 16);
}  // the upper half of a float

// Reads numbers of type T from `offset` on, and stores what `convert` makes of each; a chunk at a
// time.
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

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path) : file_(path) {
  require<FileError>(file_.size() >= 8, path, ": has ", file_.size(),
                     " bytes, a safetensors file has at least 8");
  std::uint64_t length;
  file_.read(0, &length, 8);
  require<FileError>(length <= max_header_bytes, path, ": byte 0: the header should have ", length,
                     " bytes, at most ", max_header_bytes, " are read");
  const long header_bytes = static_cast<long>(length);
  require<FileError>(header_bytes <= file_.size() - 8, path, ": byte 0: the header should have ",
                     header_bytes, " bytes, but only ", file_.size() - 8, " follow");
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
                     path(), ": its checksum ", in_quotes(stored),
                     " is not where excite writes it: another program has rewritten the file and "
                     "kept it; delete \"crc32c\" from its metadata");
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
      ", but it was written with ", stored,
      " (if another program changed it on purpose, delete \"crc32c\" from its metadata)");
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
                     " has ", t.dims.size(), " dimensions, at most ", Shape::max_rank,
                     " can be read");
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

// A tensor of either kind, as bytes with a header entry.
struct Piece {
  std::string name, dtype;
  std::vector<long> dims;
  const void* data;
  std::size_t bytes, width;  // width: of one number

  explicit Piece(const TensorToWrite& t) : name(t.name) {
    if (const auto* integers = std::get_if<Integers>(&t.numbers)) {
      const auto count = static_cast<long>(integers->values.size());
      require(Shape(integers->dims).size() == count, "writing tensor ", in_quotes(name), ": shape ",
              Shape(integers->dims), " does not hold ", count, " integers");
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

// As a JSON string. The library's own exception names no tensor.
std::string json_string(const std::string& s) {
  try {
    return nlohmann::json(s).dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(text("writing safetensors: ", in_quotes(s), " is not UTF-8"));
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
    const std::string fault = fault_of_name(p.name);
    require(fault.empty(), "writing ", path, ": the name of tensor ", in_quotes(p.name), " ",
            fault);
    require(names.insert(p.name).second, "writing ", path, ": there are two tensors ",
            in_quotes(p.name));
  }
  require(!metadata.contains(checksum_key), "writing ", path,
          ": the metadata key 'crc32c' is the checksum's own");
  std::string json = header_of(metadata, pieces);
  require(static_cast<long>(pieces.size()) <= max_tensors &&
              static_cast<long>(json.size()) <= max_header_bytes,
          "writing ", path, ": ", pieces.size(), " tensors and a header of ", json.size(),
          " bytes, at most ", max_tensors, " and ", max_header_bytes, " could be read again");

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
