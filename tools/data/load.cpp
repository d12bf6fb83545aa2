#include "tools/data/load.h"

#include <filesystem>
#include <utility>

#include "core/check.h"
#include "core/text.h"
#include "tools/data/builtin.h"
#include "tools/data/cifar.h"
#include "tools/data/file_tree.h"
#include "tools/data/label_file.h"
#include "tools/data/validation_split.h"

namespace excite {

namespace {

constexpr const char* expected =
    "expected data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100) in it or in "
    "cifar-10-batches-bin or cifar-100-binary below it, or image files in "
    "{train,val,test}/CLASS or in CLASS below it; `make cifar10` downloads CIFAR-10";

// The data set that was meant by a folder without one: of a folder of images, which are those of
// one class, the folder above it; otherwise a folder in it. "" if there is none.
std::string nearby(const std::string& source) {
  namespace fs = std::filesystem;
  if (!is_folder(source)) return "";
  if (has_image(source, 0)) {
    const fs::path path = fs::absolute(source + "/.").lexically_normal().parent_path();
    const fs::path above = path.parent_path(), two_above = above.parent_path();
    return (has_parts(two_above.string()) ? two_above : above).string();
  }
  for (const std::string& name : names_in(source))
    if (const std::string path = source + "/" + name;
        has_parts(path) || is_cifar(path) || is_folder_of_classes(path))
      return path;
  return "";
}

[[noreturn]] void throw_no_data(const std::string& source) {
  const std::string python = python_cifar(source), meant = nearby(source);
  require<FileError>(python.empty(), source, ": there is ", python,
                     ", the Python version of CIFAR, which only Python can read safely; take the "
                     "binary version, cifar-10-binary.tar.gz or cifar-100-binary.tar.gz; `make "
                     "cifar10` downloads the first");
  std::error_code ignored;
  const char* found = is_folder(source)                          ? ": there is no data set in it"
                      : std::filesystem::exists(source, ignored) ? ": is not a folder"
                                                                 : ": there is no such folder";
  throw FileError(text(source, found, suggestion(source, {"builtin"}),
                       meant.empty() ? "" : "; the data set seems to be " + meant, "; ", expected));
}

bool is_list(const std::string& source) { return source.ends_with(".csv"); }

}  // namespace

DataSplit load_data(const std::string& source, OnBadImage on_bad_image, Exif exif) {
  if (source == "builtin") return draw_builtin();
  if (is_list(source)) {
    DataSplit data = load_label_file(source, on_bad_image, exif);
    require<FileError>(data.train.count() > 0, source, ": it names no training image");
    return data;
  }
  if (has_parts(source)) return load_folder(source, on_bad_image, exif);
  if (is_cifar(source)) return load_cifar(source);
  if (is_folder_of_classes(source)) return load_folder(source, on_bad_image, exif);
  throw_no_data(source);
}

Dataset load_test_data(const std::string& source, OnBadImage on_bad_image, Exif exif) {
  if (source == "builtin") return draw_builtin(0).test;
  if (is_list(source)) {
    DataSplit data = load_label_file(source, on_bad_image, exif);
    if (data.test.count() > 0) return std::move(data.test);
    return data.validation.count() > 0 ? std::move(data.validation) : std::move(data.train);
  }
  if (has_parts(source)) return load_test_folder(source, on_bad_image, exif);
  if (is_cifar(source)) return load_cifar_test(source);
  if (is_folder_of_classes(source)) return load_test_folder(source, on_bad_image, exif);
  throw_no_data(source);
}

Dataset load_data_to_judge(const std::string& source, double validation, OnBadImage on_bad_image,
                           Exif exif) {
  const bool has_them = source == "builtin" || is_cifar(source) || has_held_out_part(source);
  if (has_them) return load_test_data(source, on_bad_image, exif);
  DataSplit data = split_validation(load_data(source, on_bad_image, exif), validation);
  Dataset& judged = data.test.count() > 0 ? data.test : data.validation;
  require<FileError>(judged.count() > 0, source,
                     ": the run trained on all of its images; give others to measure with");
  return std::move(judged);
}

const char* const data_option_help =
    "builtin, a folder of images DIR/{train,val,test}/CLASS/* or DIR/CLASS/*, a .csv file with the "
    "columns file,label, or a folder with the binary files of CIFAR-10 or CIFAR-100";

}  // namespace excite
