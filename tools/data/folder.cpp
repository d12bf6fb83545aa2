#include "tools/data/folder.h"

#include <algorithm>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/images/image_size.h"
#include "core/text.h"
#include "tools/data/file_tree.h"

namespace excite {

namespace {

// The path of a part, or "" if there is none.
std::string part_of(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names)
    if (is_folder(folder + "/" + name)) found.push_back(folder + "/" + name);
  require<FileError>(found.size() <= 1, folder, ": has both ", join(found, " and "),
                     ", expected one of them");
  return found.empty() ? "" : found.front();
}
std::string train_of(const std::string& folder) { return part_of(folder, {"train"}); }
std::string validation_of(const std::string& folder) {
  return part_of(folder, {"val", "valid", "validation"});
}
std::string test_of(const std::string& folder) { return part_of(folder, {"test"}); }

std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> folders = names_in(folder);
  std::erase_if(folders, [&](const std::string& name) { return !is_folder(folder + "/" + name); });
  return folders;
}

Dataset load_classes(const std::string& folder, OnBadImage on_bad_image, Exif exif) {
  std::vector<ClassFiles> classes;
  for (const std::string& name : folders_in(folder)) {
    require<FileError>(is_utf8(name), folder, ": the name of the class ", printable(name),
                       " is not valid UTF-8");
    classes.push_back({name, files_below(folder + "/" + name)});
  }
  require<FileError>(!classes.empty(), folder,
                     ": there is no folder in it, expected one folder of images per class");
  return labeled_files(folder, classes, on_bad_image, exif);
}

}  // namespace

bool has_held_out_part(const std::string& folder) {
  return !(validation_of(folder) + test_of(folder)).empty();
}
bool has_parts(const std::string& folder) {
  return has_held_out_part(folder) || !train_of(folder).empty();
}

bool has_image(const std::string& folder, long depth) {
  constexpr std::size_t most = 100;  // files that are tried
  std::vector<std::string> names = names_in(folder);
  names.resize(std::min(names.size(), most));
  const auto is_image = [&](const std::string& name) {
    const std::string path = folder + "/" + name;
    if (is_folder(path)) return depth > 0 && has_image(path, depth - 1);
    try {
      read_image_size(path);
      return true;
    } catch (const UnusableFile&) {
      return false;
    }
  };
  return std::any_of(names.begin(), names.end(), is_image);
}

bool is_folder_of_classes(const std::string& folder) {
  if (!is_folder(folder)) return false;
  const std::vector<std::string> classes = folders_in(folder);
  return std::count_if(classes.begin(), classes.end(), [&](const std::string& name) {
           return has_image(folder + "/" + name, 1);
         }) >= 2;
}

DataSplit load_folder(const std::string& folder, OnBadImage on_bad_image, Exif exif) {
  if (!has_parts(folder)) return {load_classes(folder, on_bad_image, exif), {}};
  const std::string train = train_of(folder), validation = validation_of(folder),
                    test = test_of(folder);
  require<FileError>(!train.empty(), folder, "/train: there is no such folder; expected ", folder,
                     "/{train,val,test}/CLASS/*, image files");
  DataSplit split{load_classes(train, on_bad_image, exif), {}};
  if (!validation.empty()) split.validation = load_classes(validation, on_bad_image, exif);
  if (!test.empty()) split.test = load_classes(test, on_bad_image, exif);
  require_same_classes(folder, split);
  return split;
}

Dataset load_test_folder(const std::string& folder, OnBadImage on_bad_image, Exif exif) {
  if (!has_parts(folder)) return load_classes(folder, on_bad_image, exif);
  const std::string test = test_of(folder), part = test.empty() ? validation_of(folder) : test;
  require<FileError>(!part.empty(), folder, "/test: there is no such folder; expected ", folder,
                     "/{test,val}/CLASS/*, image files");
  return load_classes(part, on_bad_image, exif);
}

}  // namespace excite
