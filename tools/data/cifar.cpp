#include "tools/data/cifar.h"

#include <filesystem>
#include <sstream>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/text.h"

namespace excite {

namespace {

namespace fs = std::filesystem;

constexpr long pixels = 32 * 32;

// What tells one data set's files from the other's.
struct Kind {
  std::string folder, names_file, hint;  // hint: how to get it
  std::vector<std::string> train, test;
  long classes, label_bytes, train_records,
      test_records;  // records a file; the last label byte is the one that counts
};

const Kind cifar10{"cifar-10-batches-bin",
                   "batches.meta.txt",
                   "`make cifar10` fetches CIFAR-10 anew",
                   {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                    "data_batch_5.bin"},
                   {"test_batch.bin"},
                   10,
                   1,
                   10'000,
                   10'000};
const Kind cifar100{
    "cifar-100-binary",
    "fine_label_names.txt",
    "CIFAR-100 can be downloaded from https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    {"train.bin"},
    {"test.bin"},
    100,
    2,
    50'000,
    10'000};

// FileError where that cannot be told, as in a folder that may not be entered.
bool is_there(const std::string& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  require<FileError>(!error, path, ": it cannot be looked for: ", error.message());
  return there;
}

std::vector<std::string> class_names(const std::string& folder, const Kind& kind) {
  std::vector<std::string> names;
  const std::string path = folder + "/" + kind.names_file;
  if (is_there(path)) {
    const std::vector<std::uint8_t> bytes = read_file(path, 1 << 16);
    std::istringstream lines(std::string(bytes.begin(), bytes.end()));
    for (std::string line; std::getline(lines, line);) {
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
      require<FileError>(is_utf8(line), path, ": class name ", names.size() + 1,
                         " is not text in UTF-8");
      if (!line.empty()) names.push_back(line);
    }
    require<FileError>(static_cast<long>(names.size()) == kind.classes, path, ": ", names.size(),
                       " class names, expected ", kind.classes);
  } else if (kind.classes == 10) {
    names = {"airplane", "automobile", "bird",  "cat",  "deer",
             "dog",      "frog",       "horse", "ship", "truck"};
  } else {
    for (long k = 0; k < kind.classes; k++) names.push_back(text("class ", k));
  }
  return names;
}

// Appends a file's records: three planes of an image become pixels of three channels.
void append(const std::string& path, const Kind& kind, long records, Dataset& to) {
  const long record = kind.label_bytes + 3 * pixels;
  require<FileError>(is_there(path), path,
                     ": the file is missing, while others of the data set are there; ", kind.hint);
  const InputFile file(path);
  require<FileError>(file.size() == records * record, path, ": ", file.size(), " bytes, expected ",
                     records * record, " (", records, " records of ", record, "); ", kind.hint);
  const std::vector<std::uint8_t> bytes = read_file(path, file.size());
  const std::size_t before = to.pixels.size();
  to.pixels.resize(before + static_cast<std::size_t>(records * 3 * pixels));
  std::uint8_t* pixel = to.pixels.data() + before;
  for (long i = 0; i < records; i++) {
    const std::uint8_t* at = bytes.data() + i * record;
    for (long b = 0; b < kind.label_bytes; b++) {
      const int label = at[b];
      const long limit = b + 1 < kind.label_bytes ? 20 : kind.classes;
      require<FileError>(label < limit, path, ": record ", i, " at byte ", i * record + b,
                         " has label ", label, ", expected 0 to ", limit - 1);
    }
    to.labels.push_back(at[kind.label_bytes - 1]);
    at += kind.label_bytes;
    for (long p = 0; p < pixels; p++, pixel += 3)
      for (long c = 0; c < 3; c++) pixel[c] = at[c * pixels + p];
  }
}

Dataset load(const std::string& folder, const Kind& kind, const std::vector<std::string>& files,
             long records) {
  Dataset set;
  set.source = folder;
  set.classes = class_names(folder, kind);
  set.pixels.reserve(static_cast<long>(files.size()) * records * 3 * pixels);
  for (const std::string& name : files) append(folder + "/" + name, kind, records, set);
  return set;
}

}  // namespace

DataSplit load_cifar(const std::string& where) {
  for (const Kind* kind : {&cifar10, &cifar100})
    for (const std::string& folder : {where, where + "/" + kind->folder})
      if (is_there(folder + "/" + kind->train[0]) || is_there(folder + "/" + kind->test[0]))
        return {load(folder, *kind, kind->train, kind->train_records),
                load(folder, *kind, kind->test, kind->test_records)};
  throw FileError(
      text(where,
           ": no CIFAR images here; expected data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100), "
           "in it or in ",
           cifar10.folder, " or ", cifar100.folder,
           " below it, or images in {train,test}/CLASS below it; `make cifar10` fetches CIFAR-10"));
}

}  // namespace excite
