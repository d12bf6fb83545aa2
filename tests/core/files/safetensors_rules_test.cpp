// One file per rule of the format, on both sides of each limit, with the error that is expected.
#include <limits>

#include "core/files/safetensors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

std::string length(std::uint64_t n) { return {reinterpret_cast<const char*>(&n), 8}; }
std::string file_of(const std::string& json, const std::string& data = "") {
  return length(json.size()) + json + data;
}
std::string zero_bytes(std::size_t n) { return std::string(n, '\0'); }
// The entry of a tensor: t("F32", "[2]", "[0,8]").
std::string t(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return text(R"({"dtype":")", dtype, R"(","shape":)", shape, R"(,"data_offsets":)", offsets, "}");
}
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"t":)" + t(dtype, shape, offsets) + "}";
}

struct Rule {
  const char* name;
  std::string bytes;
  std::string error;  // a part of the expected error; empty if the file is valid
};

std::string many(int count) {  // a header with this many empty tensors
  std::string json = "{";
  for (int i = 0; i < count; i++)
    json += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + t("U8", "[0]", "[0,0]");
  return json + "}";
}

std::vector<Rule> rules() {
  const std::string f32 = t("F32", "[1]", "[0,4]"), name1024(1024, 'n'), name1025(1025, 'n');
  return {
      // the first eight bytes
      {"no bytes", "", "has 0 bytes, expected at least 8 in a safetensors file"},
      {"seven bytes", zero_bytes(7), "has 7 bytes, expected at least 8 in a safetensors file"},
      {"no header", length(0), "byte 8: the header does not begin with '{'"},
      {"no header, but data", length(0) + "{}", "byte 8: the header does not begin with '{'"},
      {"header as long as the file", file_of("{}"), ""},
      {"header longer than the file", length(3) + "{}",
       "byte 0: the header length is 3 bytes, but only 2 bytes follow"},
      {"header far longer than the file", length(16 << 20) + "{}",
       "byte 0: the header length is 16777216 bytes, but only 2 bytes follow"},
      {"header over the limit", length((16 << 20) + 1) + "{}",
       "byte 0: the header length is 16777217 bytes, expected at most 16777216"},
      {"a text", "hello, this is text",
       "is not a safetensors file, or is damaged: byte 0: the header length is "},
      {"a JPEG", "\xff\xd8\xff\xe0" + zero_bytes(2) + "JFIF",
       "is an image, expected a safetensors file of weights"},
      {"1e8 - 1", length(99999999) + "{}", "the header length is 99999999 bytes, expected at most"},
      {"1e8", length(100000000) + "{}", "the header length is 100000000 bytes, expected at most"},
      {"1e8 + 1", length(100000001) + "{}",
       "the header length is 100000001 bytes, expected at most"},
      {"2^63", length(1ull << 63) + "{}",
       "the header length is 9223372036854775808 bytes, expected at most"},
      {"2^64 - 8, which wraps", length(~0ull - 7) + "{}",
       "the header length is 18446744073709551608 bytes, expected at most"},
      {"2^64 - 1", length(~0ull) + "{}",
       "the header length is 18446744073709551615 bytes, expected at most"},
      // JSON
      {"largest header", file_of("{}" + std::string((16 << 20) - 2, ' ')), ""},
      {"padding", file_of("{}      "), ""},
      {"space before", file_of(" {}"), "byte 8: the header does not begin with '{'"},
      {"byte order mark before", file_of("\xef\xbb\xbf{}"),
       "byte 8: the header does not begin with '{'"},
      {"an array", file_of("[]"), "byte 8: the header does not begin with '{'"},
      {"not closed", file_of("{"), "byte 9: the header is not valid JSON in UTF-8"},
      {"extra bytes", file_of("{} x"), "byte 11: the header is not valid JSON in UTF-8"},
      {"two objects", file_of("{}{}"), "byte 10: the header is not valid JSON in UTF-8"},
      {"zero byte after", file_of("{}" + zero_bytes(1)),
       "byte 10: there is a zero byte in the header"},
      {"hidden after a zero byte", file_of("{}" + zero_bytes(1) + "{}"),
       "byte 10: there is a zero byte in the header"},
      {"comment", file_of("{/**/}"), "the header is not valid JSON in UTF-8"},
      {"comma too many", file_of(R"({"t":)" + f32 + ",}", zero_bytes(4)),
       "the header is not valid JSON in UTF-8"},
      {"not UTF-8", file_of("{\"\xff\":" + f32 + "}", zero_bytes(4)),
       "byte 10: the header is not valid JSON in UTF-8"},
      {"overlong UTF-8", file_of("{\"\xc0\xaf\":" + f32 + "}", zero_bytes(4)),
       "the header is not valid JSON in UTF-8"},
      {"half of a surrogate pair", file_of(R"({"\ud800":)" + f32 + "}", zero_bytes(4)),
       "the header is not valid JSON in UTF-8"},
      {"UTF-8", file_of("{\"\xc3\xa9\":" + f32 + "}", zero_bytes(4)), ""},
      {"deep nesting", file_of("{\"t\":" + std::string(100000, '[')),
       "tensor 't': found an array, expected an object"},
      {"deep objects", file_of(R"({"t":{"shape":{"a":{"b":{}}}}})"),
       "tensor 't': shape: found an object, expected an array"},
      {"nested shape", file_of(one("F32", "[[1]]", "[0,4]"), zero_bytes(4)),
       "tensor 't': shape: found an array"},
      // metadata
      {"metadata", file_of(R"({"__metadata__":{"a":"b","":""}})"), ""},
      {"no metadata", file_of(R"({"__metadata__":{}})"), ""},
      {"null metadata", file_of(R"({"__metadata__":null})"), ""},
      {"metadata is a string", file_of(R"({"__metadata__":"x"})"),
       "__metadata__: found the string 'x'"},
      {"metadata is an array", file_of(R"({"__metadata__":[]})"), "__metadata__: found an array"},
      {"metadata holds a number", file_of(R"({"__metadata__":{"epoch":3}})"),
       "metadata 'epoch': found the number 3, expected a string"},
      {"metadata holds null", file_of(R"({"__metadata__":{"epoch":null}})"),
       "metadata 'epoch': found null, expected a string"},
      {"metadata holds an object", file_of(R"({"__metadata__":{"a":{}}})"),
       "metadata 'a': found an object, expected a string"},
      {"metadata key twice", file_of(R"({"__metadata__":{"a":"b","a":"b"}})"),
       "the metadata key 'a' appears twice"},
      {"metadata twice", file_of(R"({"__metadata__":{},"__metadata__":{}})"),
       "__metadata__ appears twice"},
      {"null metadata twice", file_of(R"({"__metadata__":null,"__metadata__":{}})"),
       "__metadata__ appears twice"},
      // names
      {"tensor twice", file_of(R"({"t":)" + f32 + R"(,"t":)" + f32 + "}", zero_bytes(4)),
       "tensor 't' appears twice"},
      {"tensor twice, once escaped",
       file_of(R"({"t":)" + f32 + R"(,"\u0074":)" + f32 + "}", zero_bytes(4)),
       "tensor 't' appears twice"},
      {"empty name", file_of(R"({"":)" + f32 + "}", zero_bytes(4)), ""},
      {"longest name", file_of("{\"" + name1024 + "\":" + f32 + "}", zero_bytes(4)), ""},
      {"name too long", file_of("{\"" + name1025 + "\":" + f32 + "}", zero_bytes(4)),
       "nnn...' has 1025 bytes, expected at most 1024"},
      {"zero byte in a name", file_of(R"({"a\u0000b":)" + f32 + "}", zero_bytes(4)),
       "the name of tensor 'a?b' contains a control character"},
      {"newline in a name", file_of(R"({"a\nb":)" + f32 + "}", zero_bytes(4)),
       "the name of tensor 'a?b' contains a control character"},
      {"delete in a name", file_of("{\"a\x7f\":" + f32 + "}", zero_bytes(4)),
       "the name of tensor 'a?' contains a control character"},
      {"most tensors", file_of(many(100000)), ""},
      {"too many tensors", file_of(many(100001)), "more than the limit of 100000 tensors"},
      // entries
      {"a number for an entry", file_of(R"({"t":1})"),
       "tensor 't': found the number 1, expected an object"},
      {"null for an entry", file_of(R"({"t":null})"), "tensor 't': found null, expected an object"},
      {"no dtype", file_of(R"({"t":{"shape":[1],"data_offsets":[0,4]}})", zero_bytes(4)),
       "tensor 't' has no field 'dtype'"},
      {"no shape", file_of(R"({"t":{"dtype":"F32","data_offsets":[0,4]}})", zero_bytes(4)),
       "tensor 't' has no field 'shape'"},
      {"no offsets", file_of(R"({"t":{"dtype":"F32","shape":[1]}})", zero_bytes(4)),
       "tensor 't' has no field 'data_offsets'"},
      {"another field", file_of(R"({"t":{"strides":[1]}})"),
       "tensor 't' has the field 'strides', expected dtype, shape and data_offsets"},
      {"a field twice", file_of(R"({"t":{"dtype":"F32","dtype":"F32"}})"),
       "tensor 't' has the field 'dtype' twice"},
      {"unknown dtype", file_of(one("F33", "[1]", "[0,4]"), zero_bytes(4)),
       "tensor 't' has the unknown dtype 'F33'"},
      {"lowercase dtype", file_of(one("f32", "[1]", "[0,4]"), zero_bytes(4)),
       "tensor 't' has the unknown dtype 'f32'"},
      {"dtype is a number", file_of(R"({"t":{"dtype":32}})"),
       "tensor 't': dtype: found the number 32, expected a string"},
      {"shape is a string", file_of(R"({"t":{"shape":"1"}})"),
       "tensor 't': shape: found the string '1', expected an array"},
      {"shape is true", file_of(R"({"t":{"shape":true}})"),
       "tensor 't': shape: found true, expected an array"},
      // shapes
      {"no dimensions", file_of(one("F32", "[]", "[0,4]"), zero_bytes(4)), ""},
      {"zero in a shape", file_of(one("F32", "[3,0,2]", "[0,0]")), ""},
      {"eight dimensions", file_of(one("U8", "[1,1,1,1,1,1,1,1]", "[0,1]"), "x"), ""},
      {"nine dimensions", file_of(one("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), "x"),
       "tensor 't' has more than 8 dimensions"},
      {"negative dimension", file_of(one("F32", "[-1]", "[0,4]"), zero_bytes(4)),
       "tensor 't': shape: found the negative number -1"},
      {"-0", file_of(one("F32", "[-0]", "[0,0]")), "tensor 't': shape: found the negative number"},
      {"1.0", file_of(one("F32", "[1.0]", "[0,4]"), zero_bytes(4)),
       "shape: found the number '1.0', which is not an integer below 2^64"},
      {"1e0", file_of(one("F32", "[1e0]", "[0,4]"), zero_bytes(4)),
       "shape: found the number '1e0'"},
      {"01", file_of(one("F32", "[01]", "[0,4]"), zero_bytes(4)),
       "the header is not valid JSON in UTF-8"},
      {"2^64", file_of(one("F32", "[18446744073709551616]", "[0,4]"), zero_bytes(4)),
       "which is not an integer below 2^64"},
      {"2^63", file_of(one("F32", "[9223372036854775808]", "[0,4]"), zero_bytes(4)),
       "shape holds 9223372036854775808, more than 2^63 - 1"},
      {"2^63 - 1, no numbers", file_of(one("U8", "[0,9223372036854775807]", "[0,0]")), ""},
      {"product 2^64, which wraps to 0", file_of(one("U8", "[4294967296,4294967296]", "[0,0]")),
       "tensor 't' has more elements than can be counted in 64 bits"},
      {"bits wrap to 0", file_of(one("U8", "[2305843009213693952]", "[0,0]")),
       "tensor 't' has more elements than can be counted in 64 bits"},
      {"half of a byte", file_of(one("F4", "[3]", "[0,1]"), "x"),
       "tensor 't' of dtype F4 does not fill whole bytes: it has 12 bits"},
      {"two halves", file_of(one("F4", "[2]", "[0,1]"), "x"), ""},
      {"four times six bits", file_of(one("F6_E2M3", "[4]", "[0,3]"), "xyz"), ""},
      // offsets
      {"a byte too many", file_of(one("F32", "[1]", "[0,5]"), zero_bytes(5)),
       "tensor 't' has 5 bytes, but its dtype F32 and shape need 4"},
      {"a byte too few", file_of(one("F32", "[1]", "[0,3]"), zero_bytes(3)),
       "tensor 't' has 3 bytes, but its dtype F32 and shape need 4"},
      {"end before begin", file_of(one("F32", "[1]", "[4,0]"), zero_bytes(4)),
       "tensor 't' ends at byte 0 of the data, before it begins at 4"},
      {"one offset", file_of(one("F32", "[1]", "[4]"), zero_bytes(4)),
       "tensor 't' has 1 data_offsets, expected 2: begin and end"},
      {"three offsets", file_of(one("F32", "[1]", "[0,4,8]"), zero_bytes(4)),
       "tensor 't' has more than 2 data_offsets, expected begin and end"},
      {"offset 1e0", file_of(one("U8", "[1]", "[0,1e0]"), "x"),
       "data_offsets: found the number '1e0'"},
      {"offsets of 2^63", file_of(one("U8", "[0]", "[9223372036854775808,9223372036854775808]")),
       "data_offsets holds 9223372036854775808, more than 2^63 - 1"},
      {"offsets far beyond the end",
       file_of(one("U8", "[0]", "[9223372036854775807,9223372036854775807]")),
       "begins at byte 9223372036854775807 of the data"},
      {"data cut off", file_of(one("F32", "[1]", "[0,4]"), zero_bytes(3)),
       "the tensors take 4 bytes, but 3 bytes follow the header: the file is cut off"},
      {"data after the end", file_of(one("F32", "[1]", "[0,4]"), zero_bytes(5)),
       "the tensors take 4 bytes, but 5 bytes follow the header: the file has extra bytes at its "
       "end"},
      {"data, but no tensor", file_of("{}", "x"),
       "the tensors take 0 bytes, but 1 bytes follow the header: the file has extra bytes at its "
       "end"},
      {"gap at the start", file_of(one("U8", "[1]", "[1,2]"), "xy"),
       "begins at byte 1 of the data, but the data before it end at 0: there is a gap"},
      {"gap",
       file_of(R"({"a":)" + t("U8", "[1]", "[0,1]") + R"(,"b":)" + t("U8", "[1]", "[2,3]") + "}",
               "xyz"),
       "tensor 'b' begins at byte 2 of the data, but the data before it end at 1: there is a gap"},
      {"overlap",
       file_of(R"({"a":)" + t("U8", "[2]", "[0,2]") + R"(,"b":)" + t("U8", "[2]", "[1,3]") + "}",
               "xyz"),
       "tensor 'b' begins at byte 1 of the data, but the data before it end at 2: they overlap"},
      {"two names for the same numbers",
       file_of(R"({"a":)" + t("U8", "[1]", "[0,1]") + R"(,"b":)" + t("U8", "[1]", "[0,1]") + "}",
               "x"),
       "they overlap"},
      {"any order",
       file_of(R"({"b":)" + t("U8", "[1]", "[1,2]") + R"(,"none":)" + t("U8", "[0]", "[1,1]") +
                   R"(,"a":)" + t("U8", "[1]", "[0,1]") + "}",
               "xy"),
       ""},
  };
}

TEST(SafetensorsRules, AreAppliedOnBothSidesOfEachLimit) {
  ScratchFolder folder;
  const std::string path = folder / "rule.safetensors";
  for (const Rule& rule : rules()) {
    put(path, rule.bytes);
    const std::string error = file_error([&] { SafetensorsFile file(path); });
    if (rule.error.empty()) {
      EXPECT_EQ(error, "") << rule.name;
    } else {
      EXPECT_TRUE(error.starts_with(path + ": ") && error.find(rule.error) != std::string::npos)
          << rule.name << "\nerror:    " << error << "\nexpected: " << rule.error;
    }
  }
}

}  // namespace
}  // namespace excite
