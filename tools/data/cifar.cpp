#include "tools/data/cifar.h"

#include <filesystem>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/files/text_file.h"
#include "core/text.h"

namespace excite {

namespace {

namespace fs = std::filesystem;

constexpr long pixels = 32 * 32;

// What distinguishes the files of CIFAR-10 and CIFAR-100.
struct Format {
  std::string folder, names_file, hint;  // hint: how to get the data
  std::vector<std::string> train, test;  // file names
  long classes;
  long label_bytes;                  // per record; the last one is the label
  long train_records, test_records;  // per file
};

const Format cifar10{"cifar-10-batches-bin",
                     "batches.meta.txt",
                     "`make cifar10` downloads CIFAR-10 again",
                     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                      "data_batch_4.bin", "data_batch_5.bin"},
                     {"test_batch.bin"},
                     10,
                     1,
                     10'000,
                     10'000};
const Format cifar100{
    "cifar-100-binary",
    "fine_label_names.txt",
    "CIFAR-100 can be downloaded from https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    {"train.bin"},
    {"test.bin"},
    100,
    2,
    50'000,
    10'000};

// FileError if the system refuses to answer, for example for a folder without permission.
bool exists(const std::string& path) {
  std::error_code error;
  const bool found = fs::exists(path, error);
  require<FileError>(!error, path, ": cannot check whether it exists: ", error.message());
  return found;
}

std::vector<std::string> class_names(const std::string& folder, const Format& format) {
  std::vector<std::string> names;
  const std::string path = folder + "/" + format.names_file;
  if (exists(path)) {
    names = read_lines(path, 1 << 16);
    std::erase(names, "");
    require<FileError>(static_cast<long>(names.size()) == format.classes, path, ": ", names.size(),
                       " class names, expected ", format.classes);
  } else if (format.classes == 10) {
    names = {"airplane", "automobile", "bird",  "cat",  "deer",
             "dog",      "frog",       "horse", "ship", "truck"};
  } else {
    for (long k = 0; k < format.classes; k++) names.push_back(text("class ", k));
  }
  return names;
}

// Appends the records of a file to the set. Planes [3, 32, 32] become pixels [32, 32, 3].
void append(const std::string& path, const Format& format, long records, Dataset& set) {
  const long record_bytes = format.label_bytes + 3 * pixels;
  require<FileError>(exists(path), path,
                     ": the file is missing, but other files of the data set exist; ", format.hint);
  const InputFile file(path);
  require<FileError>(file.size() == records * record_bytes, path, ": ", file.size(),
                     " bytes, expected ", records * record_bytes, " (", records, " records of ",
                     record_bytes, " bytes); ", format.hint);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(file.size()));
  file.read(0, bytes.data(), file.size());
  const std::size_t old_size = set.pixels.size();
  set.pixels.resize(old_size + static_cast<std::size_t>(records * 3 * pixels));
  std::uint8_t* pixel = set.pixels.data() + old_size;
  for (long i = 0; i < records; i++) {
    const std::uint8_t* at = bytes.data() + i * record_bytes;
    for (long b = 0; b < format.label_bytes; b++) {
      const int label = at[b];
      const long limit = b + 1 < format.label_bytes ? 20 : format.classes;
      require<FileError>(label < limit, path, ": record ", i, " at byte ", i * record_bytes + b,
                         " has label ", label, ", expected 0 to ", limit - 1);
    }
    set.labels.push_back(at[format.label_bytes - 1]);
    at += format.label_bytes;
    for (long p = 0; p < pixels; p++, pixel += 3)
      for (long c = 0; c < 3; c++) pixel[c] = at[c * pixels + p];
  }
}

Dataset load(const std::string& folder, const Format& format, const std::vector<std::string>& files,
             long records) {
  Dataset set;
  set.source = folder;
  set.classes = class_names(folder, format);
  set.pixels.reserve(static_cast<long>(files.size()) * records * 3 * pixels);
  for (const std::string& name : files) append(folder + "/" + name, format, records, set);
  return set;
}

// The format of the files in a folder and the folder itself, or that of a folder below.
struct Found {
  const Format* format = nullptr;  // nullptr: none
  std::string folder{};
};
Found find_cifar(const std::string& source) {
  for (const Format* format : {&cifar10, &cifar100})
    for (const std::string& folder : {source, source + "/" + format->folder})
      if (exists(folder + "/" + format->train[0]) || exists(folder + "/" + format->test[0]))
        return {format, folder};
  return {};
}
Found require_cifar(const std::string& source) {
  Found found = find_cifar(source);
  require<FileError>(found.format != nullptr, source,
                     ": there are no .bin files of CIFAR in it; `make cifar10` downloads CIFAR-10");
  return found;
}

}  // namespace

bool is_cifar(const std::string& source) { return find_cifar(source).format != nullptr; }

std::string python_cifar(const std::string& source) {
  for (const char* folder : {"", "/cifar-10-batches-py", "/cifar-100-python"})
    for (const char* file : {"/data_batch_1", "/test_batch", "/batches.meta", "/meta"})
      if (exists(source + folder + file)) return source + folder + file;
  return "";
}

DataSplit load_cifar(const std::string& source) {
  const auto& [format, folder] = require_cifar(source);
  return {load(folder, *format, format->train, format->train_records),
          load(folder, *format, format->test, format->test_records)};
}

Dataset load_cifar_test(const std::string& source) {
  const auto& [format, folder] = require_cifar(source);
  return load(folder, *format, format->test, format->test_records);
}

}  // namespace excite
