#include "core/files/safetensors.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "core/files/atomic_file.h"
#include "core/random.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

std::string number_bytes(std::uint64_t n) { return {reinterpret_cast<const char*>(&n), 8}; }
std::string file_of(const std::string& json, const std::string& data = "") {
  return number_bytes(json.size()) + json + data;
}

struct Safetensors : testing::Test {
  ScratchFolder folder;
  const std::string path = folder / "a.safetensors";

  std::string error_of(const std::string& bytes) {
    put(path, bytes);
    const std::string error = file_error([&] { SafetensorsFile file(path); });
    EXPECT_TRUE(error.empty() || error.starts_with(path + ": ")) << error;
    return error;
  }
  SafetensorsFile open(const std::string& bytes) {
    put(path, bytes);
    return SafetensorsFile(path);
  }
};

std::string text_of(const Tensor& t) {
  std::ostringstream out;
  out.precision(17);
  out << t.shape();
  for (real v : t) out << ' ' << v;
  return out.str();
}

// A file with both kinds of tensors and several ranks.
void write_sample(const std::string& path) {
  Rng rng(7);
  const Tensor weight = normal({2, 3, 1, 2}, rng), bias = normal({2}, rng), scalar({}, {real(0.1)}),
               nothing(Shape{3, 0});
  write_safetensors(path, {{"format", "pt"}, {"note", "a \"quoted\"\nline, \xc3\xa9"}},
                    {{"b.weight", &weight},
                     {"a.bias", &bias},
                     {"scalar", &scalar},
                     {"nothing", &nothing},
                     {"bn.num_batches_tracked", Integers{{}, {1234567890123}}},
                     {"order", Integers{{3}, {-1, 0, 1}}}});
}

TEST_F(Safetensors, ReadsBackWrittenTensors) {
  write_sample(path);
  const SafetensorsFile file(path);
  EXPECT_TRUE(file.has_checksum());
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{
                                 {"format", "pt"}, {"note", "a \"quoted\"\nline, \xc3\xa9"}}));
  EXPECT_EQ(file.names(), (std::vector<std::string>{"a.bias", "b.weight", "bn.num_batches_tracked",
                                                    "nothing", "order", "scalar"}));
  Rng rng(7);
  EXPECT_EQ(text_of(file.read("b.weight")), text_of(normal({2, 3, 1, 2}, rng)));
  EXPECT_EQ(text_of(file.read("a.bias")), text_of(normal({2}, rng)));
  EXPECT_EQ(file.read("scalar").item(), real(0.1));
  EXPECT_EQ(file.read("nothing").shape(), (Shape{3, 0}));
  EXPECT_EQ(file.read_integers("bn.num_batches_tracked"), (std::vector<long>{1234567890123}));
  EXPECT_EQ(file.read_integers("order"), (std::vector<long>{-1, 0, 1}));
  EXPECT_TRUE(file.contains("order"));
  EXPECT_FALSE(file.contains("Order"));
}

TEST_F(Safetensors, ReadsBackRandomFiles) {
  for (long seed = 0; seed < 50; seed++) {
    Rng rng(seed, 99);
    std::vector<Tensor> tensors;
    for (long n = rng.below(6); n >= 0; n--) {
      std::vector<long> dims;
      for (long rank = rng.below(5); rank > 0; rank--) dims.push_back(rng.below(5));
      tensors.push_back(normal(Shape(dims), rng));
    }
    std::vector<TensorToWrite> list;
    for (std::size_t i = 0; i < tensors.size(); i++)
      list.push_back({text("t", i * 7 % 10), &tensors[i]});
    write_safetensors(path, {}, list);
    const SafetensorsFile file(path);
    for (std::size_t i = 0; i < tensors.size(); i++)
      EXPECT_EQ(text_of(file.read(list[i].name)), text_of(tensors[i]));
  }
}

TEST_F(Safetensors, ReadsATensorLargerThanItsChunk) {
  Rng rng(1);
  const Tensor large = uniform({700001}, rng);
  write_safetensors(path, {}, {{"large", &large}});
  const Tensor back = SafetensorsFile(path).read("large");
  EXPECT_TRUE(std::equal(large.begin(), large.end(), back.begin()));
}

// The file that core/files/README.md explains byte by byte.
TEST_F(Safetensors, WritesTheBytesShownInTheChapter) {
  const Tensor bias({2}, {1, -2});
  write_safetensors(path, {{"epoch", "3"}}, {{"bias", &bias}, {"steps", Integers{{}, {5}}}});
  const bool single = sizeof(real) == 4;
  const std::string json = single
                               ? R"({"__metadata__":{"crc32c":"4f4360be","epoch":"3"},)"
                                 R"("steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                                 R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}     )"
                               : R"({"__metadata__":{"crc32c":"dda3206e","epoch":"3"},)"
                                 R"("bias":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                                 R"("steps":{"dtype":"I64","shape":[],"data_offsets":[16,24]}}   )";
  const std::string data = single ? std::string(
                                        "\5\0\0\0\0\0\0\0"
                                        "\0\0\x80\x3f"
                                        "\0\0\0\xc0",
                                        16)
                                  : std::string(
                                        "\0\0\0\0\0\0\xf0\x3f"
                                        "\0\0\0\0\0\0\0\xc0"
                                        "\5\0\0\0\0\0\0\0",
                                        24);
  EXPECT_EQ(get(path), file_of(json, data));
}

// The bytes of the dump in the chapter. A line has an address, up to sixteen bytes in hexadecimal,
// and the same bytes as |text|.
std::string dump_of_the_chapter() {
  std::ifstream chapter("core/files/README.md");
  std::string bytes;
  for (std::string line; std::getline(chapter, line);) {
    const std::size_t end = line.find("  |");
    if (line.find("  ") != 4 || end == std::string::npos ||
        line.find_first_not_of("0123456789abcdef ") != end + 2)
      continue;
    std::istringstream numbers(line.substr(4, end - 4));
    for (int byte; numbers >> std::hex >> byte;) bytes += static_cast<char>(byte);
  }
  return bytes;
}

TEST_F(Safetensors, ReadsTheDumpOfTheChapter) {
  const SafetensorsFile file = open(dump_of_the_chapter());
  EXPECT_TRUE(file.has_checksum());
  EXPECT_EQ(file.metadata().at("epoch"), "3");
  EXPECT_EQ(text_of(file.read("bias")), "[2] 1 -2");
  EXPECT_EQ(file.read_integers("steps"), (std::vector<long>{5}));
  EXPECT_EQ(file.entry("bias").begin, 8);
  if (sizeof(real) == 4) {
    const Tensor bias({2}, {1, -2});
    write_safetensors(folder / "same", {{"epoch", "3"}},
                      {{"bias", &bias}, {"steps", Integers{{}, {5}}}});
    EXPECT_EQ(get(folder / "same"), get(path));
  }
}

TEST_F(Safetensors, BytesDoNotDependOnTheOrderOfTheTensors) {
  const Tensor a({2}, {1, 2}), b({1}, {3});
  write_safetensors(path, {}, {{"a", &a}, {"b", &b}, {"n", Integers{{1}, {4}}}});
  write_safetensors(folder / "other", {}, {{"n", Integers{{1}, {4}}}, {"b", &b}, {"a", &a}});
  EXPECT_EQ(get(path), get(folder / "other"));
}

TEST_F(Safetensors, AlignsTheNumbersInTheFile) {
  for (std::size_t extra = 0; extra < 8; extra++) {
    const Tensor one({1}, {1});
    write_safetensors(path, {{"k", std::string(extra, 'x')}}, {{"t", &one}});
    EXPECT_EQ((std::filesystem::file_size(path) - sizeof(real)) % 8, 0u);
  }
}

// Bytes written by the reference implementation.
TEST_F(Safetensors, ReadsTheReferenceBytes) {
  EXPECT_TRUE(open(std::string("\x08\0\0\0\0\0\0\0{}      ", 16)).names().empty());
  const std::string json = R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})";
  ASSERT_EQ(json.size(), 64u);
  const SafetensorsFile file =
      open(file_of(json, std::string(20, '\0') + std::string("\0\0\x80\x3f", 4)));
  EXPECT_FALSE(file.has_checksum());
  const Tensor t = file.read("attn.0");
  EXPECT_EQ(t.shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(t[0], 0);
  EXPECT_EQ(t[5], 1);
}

TEST_F(Safetensors, ReadsHalfPrecision) {
  const std::vector<std::pair<std::uint16_t, double>> half = {
      {0x0000, 0},        {0x8000, -0.0},           {0x3c00, 1},
      {0xc000, -2},       {0x3555, 0.333251953125}, {0x7bff, 65504},
      {0x0400, 0x1p-14},  {0x0001, 0x1p-24},        {0x83ff, -1023 * 0x1p-24},
      {0x7c00, INFINITY}, {0xfc00, -INFINITY}};
  const std::vector<std::pair<std::uint16_t, double>> brain = {
      {0x0000, 0},        {0x3f80, 1},        {0xc000, -2},
      {0x4049, 3.140625}, {0x0001, 0x1p-133}, {0x7f80, INFINITY}};
  for (const auto& [dtype, table] : {std::pair("F16", half), std::pair("BF16", brain)}) {
    std::string data;
    for (const auto& [bits, value] : table) data.append(reinterpret_cast<const char*>(&bits), 2);
    const std::string json = text(R"({"t":{"dtype":")", dtype, R"(","shape":[)", table.size(),
                                  R"(],"data_offsets":[0,)", data.size(), "]}}");
    const Tensor t = open(file_of(json, data)).read("t");
    for (std::size_t i = 0; i < table.size(); i++) {
      const double got = static_cast<double>(t[static_cast<long>(i)]);
      EXPECT_EQ(got, table[i].second) << dtype << " " << i;
      EXPECT_EQ(std::signbit(got), std::signbit(table[i].second)) << dtype << " " << i;
    }
  }
  const Tensor nan =
      open(file_of(R"({"t":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", "\x01\x7c\xff\xff"))
          .read("t");
  EXPECT_TRUE(std::isnan(nan[0]) && std::isnan(nan[1]));
}

TEST_F(Safetensors, ReadsBothPrecisionsInEitherBuild) {
  const float f[2] = {0.5f, INFINITY};
  const double d[2] = {0.25, -1e-300};
  const std::string data = std::string(reinterpret_cast<const char*>(d), 16) +
                           std::string(reinterpret_cast<const char*>(f), 8);
  const SafetensorsFile file =
      open(file_of(R"({"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                   R"("f":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}})",
                   data));
  EXPECT_EQ(file.read("f")[0], real(0.5));
  EXPECT_TRUE(std::isinf(file.read("f")[1]));
  EXPECT_EQ(file.read("d")[0], real(0.25));
  EXPECT_EQ(file.read("d")[1], static_cast<real>(-1e-300));
}

TEST_F(Safetensors, RefusesToReadATensorAsAnotherType) {
  const SafetensorsFile file =
      open(file_of(R"({"i":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                   R"("f":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
                   R"("u":{"dtype":"U8","shape":[1,1,1,1,1],"data_offsets":[12,13]}})",
                   std::string(13, '\0')));
  EXPECT_EQ(file_error([&] { file.read("i"); }),
            path + ": tensor 'i' holds I64, expected F16, BF16, F32 or F64");
  EXPECT_EQ(file_error([&] { file.read_integers("f"); }),
            path + ": tensor 'f' holds F32, expected I64");
  EXPECT_EQ(file_error([&] { file.read("u"); }),
            path + ": tensor 'u' has 5 dimensions, expected at most 4");
  EXPECT_EQ(file_error([&] { file.read("v"); }), path + ": has no tensor 'v'");
  EXPECT_EQ(file.entry("u").dims.size(), 5u);
}

TEST_F(Safetensors, FindsEveryFlippedBit) {
  write_sample(path);
  const std::string good = get(path);
  const SafetensorsFile original(path);
  int accepted = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; bit++) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    if (!error_of(bad).empty()) continue;
    // Only the key "crc32c" may have changed; then everything else is unchanged.
    accepted++;
    const SafetensorsFile file(path);
    EXPECT_FALSE(file.has_checksum()) << "bit " << bit;
    EXPECT_EQ(bad.substr(0, 24), good.substr(0, 24)) << "bit " << bit;
    EXPECT_EQ(bad.substr(32), good.substr(32)) << "bit " << bit;
    EXPECT_EQ(file.names(), original.names());
    for (const char* name : {"a.bias", "b.weight", "scalar"})
      EXPECT_EQ(text_of(file.read(name)), text_of(original.read(name)));
    EXPECT_EQ(file.metadata().at("format"), "pt");
  }
  EXPECT_LE(accepted, 6 * 8);
}

TEST_F(Safetensors, RefusesAFileCutOffAnywhere) {
  write_sample(path);
  const std::string good = get(path);
  for (std::size_t length = 0; length < good.size(); length++)
    EXPECT_NE(error_of(good.substr(0, length)), "") << "cut to " << length << " bytes";
  expect_contains(error_of(good + '\0'), "the file has extra bytes at its end");
}

TEST_F(Safetensors, RecognizesAPyTorchFileAndNamesTheConverter) {
  using namespace std::string_literals;
  for (const std::string& first_bytes :
       {"PK\3\4\0\0\0\0\0\0more"s, "\x80\2\x8a\nl\xfc\x9c\x46more"s}) {
    put(path, first_bytes);
    expect_contains(file_error([&] { SafetensorsFile{path}; }), "tools/scripts/pth_to_safetensors");
  }
}

TEST_F(Safetensors, ReportsADamagedFileAndOtherPossibleCauses) {
  write_sample(path);
  std::string bytes = get(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  expect_contains(error_of(bytes), "is damaged: its CRC-32C is ");
  expect_contains(error_of(file_of(R"({"__metadata__":{"epoch":"3","crc32c":"4a7d0c8a"}})")),
                  "delete \"crc32c\" from the metadata");
  expect_contains(error_of(file_of(R"({"__metadata__":{"crc32c":"4a7d0c8"}})")),
                  "delete \"crc32c\" from the metadata");
}

// ---- invalid arguments of the writer ----

std::string error_of_writing(const std::string& path,
                             const std::map<std::string, std::string>& metadata,
                             const std::vector<TensorToWrite>& tensors) {
  try {
    write_safetensors(path, metadata, tensors);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(Safetensors, DoesNotWriteFilesThatItCouldNotRead) {
  const Tensor one({1}, {1});
  EXPECT_EQ(error_of_writing(path, {}, {{"a", &one}, {"a", &one}}),
            "writing " + path +
                ": the name 'a' is used twice, expected a different name for each tensor");
  EXPECT_EQ(
      error_of_writing(path, {}, {{"__metadata__", &one}}),
      "writing " + path +
          ": the name '__metadata__' is used twice, expected a different name for each tensor");
  EXPECT_EQ(error_of_writing(path, {}, {{"a\nb", &one}}),
            "writing " + path + ": the name of tensor 'a?b' contains a control character");
  expect_contains(error_of_writing(path, {}, {{std::string(1025, 'n'), &one}}),
                  "has 1025 bytes, expected at most 1024");
  EXPECT_EQ(error_of_writing(path, {}, {{std::string(1024, 'n'), &one}}), "");
  EXPECT_EQ(error_of_writing(path, {}, {{"a\xff", &one}}),
            "writing safetensors: 'a?' is not valid UTF-8");
  EXPECT_EQ(error_of_writing(path, {{"crc32c", "x"}}, {}),
            "writing " + path + ": the metadata key 'crc32c' is reserved for the checksum");
  EXPECT_EQ(error_of_writing(path, {}, {{"i", Integers{{2}, {1}}}}),
            "writing tensor 'i': 1 integers were given, expected 2 for shape [2]");
  expect_contains(error_of_writing(path, {{"long", std::string(17 << 20, 'x')}}, {}),
                  "so that the file can be read");
}

TEST_F(Safetensors, KeepsTheOldFileIfANewOneCannotBeWritten) {
  write_sample(path);
  const std::string before = get(path);
  save_calls.fsync = [](int) { return errno = EIO, -1; };
  const std::string error = error_of_writing(path, {}, {});
  save_calls = SaveCalls();
  expect_contains(error, path + ": not saved: fsync of ");
  EXPECT_EQ(get(path), before);
  EXPECT_EQ(folder.files().size(), 1u);
}

}  // namespace
}  // namespace excite
