#include "core/files/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

using Json = nlohmann::json;

// Bits per number, for every type of the format: files with types that cannot be read here can
// still be listed. 0 for an unknown type.
long bits_of(std::string_view dtype) {
  static const std::map<std::string_view, long> bits = {
      {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"BOOL", 8},    {"U8", 8},
      {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
      {"U16", 16}, {"F16", 16},    {"BF16", 16},   {"I32", 32},    {"U32", 32},
      {"F32", 32}, {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64}};
  const auto found = bits.find(dtype);
  return found == bits.end() ? 0 : found->second;
}

// The parser calls one of these functions for each JSON event (SAX). So no tree is built of invalid
// input, and a key that appears twice is noticed (a tree would keep one of the two). Whatever the
// format does not allow is refused at once, so the depth never exceeds three.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& path) : path_(path) {}
  SafetensorsHeader result;

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) return enter(Place::top);
    if (place_ == Place::top && key_ == "__metadata__") return enter(Place::metadata);
    if (place_ != Place::top) unexpected("an object");
    tensor_ = {};
    fields_.clear();
    return enter(Place::tensor);
  }

  bool key(std::string& name) override {
    switch (place_) {
      case Place::top: begin_entry(name); break;
      case Place::metadata:
        check(!result.metadata.contains(name), "the metadata key ", in_quotes(name),
              " appears twice");
        check(result.metadata.size() < max_tensors, "more than the limit of ", max_tensors,
              " metadata keys");
        break;
      default:
        check(name == "dtype" || name == "shape" || name == "data_offsets", where(),
              " has the field ", in_quotes(name), ", expected dtype, shape and data_offsets");
        check(fields_.insert(name).second, where(), " has the field ", in_quotes(name), " twice");
    }
    (place_ == Place::top ? name_ : key_) = name;
    if (place_ == Place::top) key_ = name;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      for (const char* field : {"dtype", "shape", "data_offsets"})
        check(fields_.contains(field), where(), " has no field '", field, "'");
      result.tensors.emplace(name_, std::move(tensor_));
    }
    return enter(place_ == Place::top ? Place::outside : Place::top);
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::tensor && key_ == "shape") return enter(Place::shape);
    if (place_ == Place::tensor && key_ == "data_offsets") {
      offsets_.clear();
      return enter(Place::offsets);
    }
    unexpected("an array");
  }

  bool end_array() override {
    if (place_ == Place::offsets) {
      check(offsets_.size() == 2, where(), " has ", offsets_.size(),
            " data_offsets, expected 2: begin and end");
      tensor_.begin = offsets_[0], tensor_.end = offsets_[1];
    }
    return enter(Place::tensor);
  }

  bool string(std::string& value) override {
    if (place_ == Place::metadata) {
      result.metadata.emplace(key_, std::move(value));
    } else if (place_ == Place::tensor && key_ == "dtype") {
      check(bits_of(value) > 0, where(), " has the unknown dtype ", in_quotes(value));
      tensor_.dtype = std::move(value);
    } else {
      unexpected("the string " + in_quotes(value));
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) override {
    if (place_ != Place::shape && place_ != Place::offsets)
      unexpected("the number " + std::to_string(value));
    check(value <= std::numeric_limits<long>::max(), where(), ": ", key_, " holds ", value,
          ", more than 2^63 - 1");
    if (place_ == Place::shape)
      check(tensor_.dims.size() < max_dims, where(), " has more than ", max_dims, " dimensions");
    if (place_ == Place::offsets)
      check(offsets_.size() < 2, where(), " has more than 2 data_offsets, expected begin and end");
    (place_ == Place::shape ? tensor_.dims : offsets_).push_back(static_cast<long>(value));
    return true;
  }

  bool null() override {  // mlx writes "__metadata__": null when there is none
    if (place_ != Place::top || key_ != "__metadata__") unexpected("null");
    return true;
  }
  bool boolean(bool value) override { unexpected(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override {  // negative numbers and -0
    unexpected("the negative number " + std::to_string(value));
  }
  bool number_float(double, const std::string& digits) override {
    unexpected("the number " + in_quotes(digits) + ", which is not an integer below 2^64");
  }
  bool binary(Json::binary_t&) override { unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    throw FileError(
        text(path_, ": byte ", 8 + position - 1, ": the header is not valid JSON in UTF-8"));
  }

 private:
  enum class Place { outside, top, metadata, tensor, shape, offsets };

  bool enter(Place place) {
    place_ = place;
    return true;
  }

  void begin_entry(const std::string& name) {
    if (name == "__metadata__") {
      check(!std::exchange(metadata_seen_, true), "__metadata__ appears twice");
      return;
    }
    const std::string error = tensor_name_error(name);
    check(error.empty(), "the name of tensor ", in_quotes(name), " ", error);
    check(!result.tensors.contains(name), "tensor ", in_quotes(name), " appears twice");
    check(result.tensors.size() < max_tensors, "more than the limit of ", max_tensors, " tensors");
  }

  std::string where() const {
    if (place_ == Place::outside) return "the outermost value";
    if (place_ == Place::top) return key_ == "__metadata__" ? key_ : "tensor " + in_quotes(key_);
    return place_ == Place::metadata ? "metadata " + in_quotes(key_) : "tensor " + in_quotes(name_);
  }

  [[noreturn]] void unexpected(const std::string& what) const {
    const bool inside =
        place_ == Place::tensor || place_ == Place::shape || place_ == Place::offsets;
    const char* expected = place_ == Place::outside ? "an object"
                           : place_ == Place::top   ? "an object with dtype, shape and data_offsets"
                           : place_ == Place::metadata ? "a string"
                           : key_ == "dtype"           ? "a string"
                                                       : "an array of unsigned integers";
    throw FileError(text(path_, ": header: ", where(), inside ? ": " + key_ : "", ": found ", what,
                         ", expected ", expected));
  }

  template <class... Parts>
  void check(bool ok, const Parts&... parts) const {
    require<FileError>(ok, path_, ": header: ", parts...);
  }

  const std::string& path_;
  Place place_ = Place::outside;
  std::string name_, key_;  // name of the current tensor; innermost key
  TensorEntry tensor_{};
  std::vector<long> offsets_;
  std::set<std::string> fields_;
  bool metadata_seen_ = false;
};

// Checks that the bytes are the product of the dimensions times bits / 8, without overflow.
void check_size(const std::string& name, const TensorEntry& t, const std::string& path) {
  const std::string what = text(path, ": header: tensor ", in_quotes(name));
  require<FileError>(t.begin <= t.end, what, " ends at byte ", t.end,
                     " of the data, before it begins at ", t.begin);
  long bits = bits_of(t.dtype);
  bool fits = true;
  for (long d : t.dims) fits = fits && !__builtin_mul_overflow(bits, d, &bits);
  require<FileError>(fits, what, " has more elements than can be counted in 64 bits");
  require<FileError>(bits % 8 == 0, what, " of dtype ", t.dtype,
                     " does not fill whole bytes: it has ", bits, " bits");
  require<FileError>(t.end - t.begin == bits / 8, what, " has ", t.end - t.begin,
                     " bytes, but its dtype ", t.dtype, " and shape need ", bits / 8);
}

// Checks that the tensors are contiguous and fill the data. So nothing overlaps, and no bytes are
// hidden between or after them.
void check_layout(const std::map<std::string, TensorEntry>& tensors, const std::string& path,
                  long data_bytes) {
  using Item = std::pair<const std::string, TensorEntry>;
  std::vector<const Item*> order;
  for (const Item& item : tensors) order.push_back(&item);
  std::sort(order.begin(), order.end(), [](const Item* a, const Item* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  long filled = 0;
  for (const Item* item : order) {
    const TensorEntry& t = item->second;
    require<FileError>(t.begin == filled, path, ": header: tensor ", in_quotes(item->first),
                       " begins at byte ", t.begin, " of the data, but the data before it end at ",
                       filled, t.begin < filled ? ": they overlap" : ": there is a gap");
    filled = t.end;
  }
  require<FileError>(filled == data_bytes, path, ": the tensors take ", filled, " bytes, but ",
                     data_bytes, " bytes follow the header: the file ",
                     filled > data_bytes ? "is cut off" : "has extra bytes at its end");
}

}  // namespace

std::string in_brackets(const std::vector<long>& dims) {
  std::vector<std::string> words;
  for (const long d : dims) words.push_back(std::to_string(d));
  return text("[", join(words, ", "), "]");
}

std::string in_quotes(const std::string& name) {
  constexpr std::size_t shown = 80;
  return text("'", printable(name.substr(0, shown)), name.size() > shown ? "...'" : "'");
}

std::string tensor_name_error(const std::string& name) {
  if (name.size() > max_name_bytes)
    return text("has ", name.size(), " bytes, expected at most ", max_name_bytes);
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  return control ? "contains a control character" : "";
}

SafetensorsHeader parse_header(const std::string& json, const std::string& path, long data_bytes) {
  require<FileError>(!json.empty() && json[0] == '{', path,
                     ": byte 8: the header does not begin with '{'");
  // The parser would take a zero byte as the end of its input and ignore the rest.
  require<FileError>(json.find('\0') == std::string::npos, path, ": byte ", 8 + json.find('\0'),
                     ": there is a zero byte in the header");
  HeaderReader reader(path);
  Json::sax_parse(json, &reader);
  for (const auto& [name, tensor] : reader.result.tensors) check_size(name, tensor, path);
  check_layout(reader.result.tensors, path, data_bytes);
  return std::move(reader.result);
}

}  // namespace excite
