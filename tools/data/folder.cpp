#include "tools/data/folder.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <utility>

#include "core/check.h"
#include "core/images/image_size.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

namespace fs = std::filesystem;

bool is_folder(const std::string& path) {
  std::error_code unreadable;
  return fs::is_directory(path, unreadable);
}

// The names in a folder, sorted; those that begin with a dot are nobody's images.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  try {
    for (const auto& entry : fs::directory_iterator(folder))
      if (const std::string name = entry.path().filename(); !name.starts_with("."))
        names.push_back(name);
  } catch (const fs::filesystem_error& error) {
    throw FileError(text(folder, ": cannot be listed: ", error.code().message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> classes_in(const std::string& part) {
  std::vector<std::string> classes = names_in(part);
  std::erase_if(classes, [&](const std::string& name) { return !is_folder(part + "/" + name); });
  require<FileError>(!classes.empty(), part,
                     ": there is no folder in it, expected one for each class, with its images");
  for (const std::string& name : classes)
    require<FileError>(is_utf8(name), part, ": the name of the class ", printable(name),
                       " is not text in UTF-8");
  return classes;
}

struct Found {
  std::string file, error;  // of one that is no image
  ImageSize size{};
};

std::vector<Found> images_in(const std::string& folder) {
  std::vector<Found> all;
  for (const std::string& name : names_in(folder)) all.push_back({folder + "/" + name, {}});
  const Shards shards(static_cast<long>(all.size()));
  parallel_shards(shards, [&](long, long begin, long end) {
    for (long i = begin; i < end; i++) {
      Found& found = all[i];
      try {
        found.size = read_image_size(found.file);
      } catch (const FileError& error) {
        found.error = error.what();
      }
    }
  });
  return all;
}

void leave_out_broken(std::vector<Found>& found, Broken broken) {
  for (const Found& f : found) {
    require<FileError>(f.error.empty() || broken == Broken::skipped, f.error);
    if (!f.error.empty()) std::cerr << "excite: skipped " << printable(f.error) << "\n";
  }
  std::erase_if(found, [](const Found& f) { return !f.error.empty(); });
}

}  // namespace

bool is_image_folder(const std::string& folder) {
  return is_folder(folder + "/train") || is_folder(folder + "/test");
}

Dataset load_folder_part(const std::string& folder, const std::string& part, Broken broken) {
  const std::string here = folder + "/" + part;
  require<FileError>(is_folder(here), here, ": there is no such folder; expected ", folder,
                     "/{train,test}/CLASS/*, images in PNG or JPEG files");
  Dataset set;
  set.source = here;
  set.strict = broken == Broken::refused;
  set.classes = classes_in(here);
  std::vector<std::vector<Found>> of_class;
  std::size_t most = 0;
  for (const std::string& name : set.classes) {
    std::vector<Found> found = images_in(here + "/" + name);
    leave_out_broken(found, broken);
    require<FileError>(!found.empty(), here, "/", name,
                       ": there is no PNG or JPEG image in it, expected those of the class ", name);
    most = std::max(most, found.size());
    of_class.push_back(std::move(found));
  }
  const ImageSize size = of_class.front().front().size;
  set.height = size.height, set.width = size.width;
  for (std::size_t turn = 0; turn < most; turn++)
    for (std::size_t label = 0; label < of_class.size(); label++) {
      if (turn >= of_class[label].size()) continue;
      Found& found = of_class[label][turn];
      if (found.size != size) set.height = set.width = 0;
      set.files.push_back(std::move(found.file));
      set.labels.push_back(static_cast<int>(label));
    }
  return set;
}

DataSplit load_folder(const std::string& folder, Broken broken) {
  DataSplit split{load_folder_part(folder, "train", broken),
                  load_folder_part(folder, "test", broken)};
  const std::vector<std::string>&train = split.train.classes, &test = split.test.classes;
  std::vector<std::string> lonely;
  std::set_symmetric_difference(train.begin(), train.end(), test.begin(), test.end(),
                                std::back_inserter(lonely));
  require<FileError>(lonely.empty(), folder, ": train has ", train.size(), " classes, test has ",
                     test.size(), "; the first that only one of them has is ",
                     lonely.empty() ? "" : lonely.front());
  return split;
}

}  // namespace excite
