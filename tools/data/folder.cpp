#include "tools/data/folder.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <utility>

#include "core/files/input_file.h"
#include "core/images/image_size.h"
#include "core/parallel.h"
#include "core/text.h"

namespace excite {

namespace {

namespace fs = std::filesystem;

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// The names in a folder, sorted, without hidden files.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  try {
    for (const auto& entry : fs::directory_iterator(folder))
      if (const std::string name = entry.path().filename(); !name.starts_with("."))
        names.push_back(name);
  } catch (const fs::filesystem_error& error) {
    throw FileError(text(folder, ": the folder cannot be listed: ", error.code().message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> classes_in(const std::string& part) {
  std::vector<std::string> classes = names_in(part);
  std::erase_if(classes, [&](const std::string& name) { return !is_folder(part + "/" + name); });
  require<FileError>(!classes.empty(), part,
                     ": there is no folder in it, expected one folder of images per class");
  for (const std::string& name : classes)
    require<FileError>(is_utf8(name), part, ": the name of the class ", printable(name),
                       " is not valid UTF-8");
  return classes;
}

struct ImageFile {
  std::string path, error;  // error: empty if the header is that of an image
  ImageSize size{};
};

std::vector<ImageFile> images_in(const std::string& folder, Exif exif) {
  std::vector<ImageFile> all;
  for (const std::string& name : names_in(folder)) all.push_back({folder + "/" + name, {}});
  parallel_ranges(static_cast<long>(all.size()), 1, [&](long begin, long end) {
    for (long i = begin; i < end; i++) {
      ImageFile& image = all[i];
      try {
        image.size = read_image_size(image.path, exif);
      } catch (const UnusableFile& error) {
        image.error = error.what();
      }
    }
  });
  return all;
}

void skip_bad_images(std::vector<ImageFile>& images, OnBadImage on_bad_image) {
  for (const ImageFile& image : images) {
    require<FileError>(image.error.empty() || on_bad_image == OnBadImage::skip, image.error);
    if (!image.error.empty()) std::cerr << "excite: skipped " << printable(image.error) << "\n";
  }
  std::erase_if(images, [](const ImageFile& image) { return !image.error.empty(); });
}

}  // namespace

bool is_image_folder(const std::string& folder) {
  return is_folder(folder + "/train") || is_folder(folder + "/test");
}

Dataset load_folder_part(const std::string& folder, const std::string& part,
                         OnBadImage on_bad_image, Exif exif) {
  const std::string path = folder + "/" + part;
  require<FileError>(is_folder(path), path, ": there is no such folder; expected ", folder,
                     "/{train,test}/CLASS/*, image files");
  Dataset set;
  set.source = path;
  set.exif = exif;
  set.strict = on_bad_image == OnBadImage::fail;
  set.classes = classes_in(path);
  std::vector<std::vector<ImageFile>> images_of_class;
  std::size_t largest_class = 0;
  for (const std::string& name : set.classes) {
    std::vector<ImageFile> images = images_in(path + "/" + name, exif);
    skip_bad_images(images, on_bad_image);
    require<FileError>(!images.empty(), path, "/", name,
                       ": there is no image in it, expected those of the class ", name);
    largest_class = std::max(largest_class, images.size());
    images_of_class.push_back(std::move(images));
  }
  const ImageSize size = images_of_class.front().front().size;
  set.height = size.height, set.width = size.width;
  for (std::size_t i = 0; i < largest_class; i++)
    for (std::size_t label = 0; label < images_of_class.size(); label++) {
      if (i >= images_of_class[label].size()) continue;
      ImageFile& image = images_of_class[label][i];
      if (image.size != size) set.height = set.width = 0;
      set.files.push_back(std::move(image.path));
      set.labels.push_back(static_cast<int>(label));
    }
  return set;
}

DataSplit load_folder(const std::string& folder, OnBadImage on_bad_image, Exif exif) {
  DataSplit split{load_folder_part(folder, "train", on_bad_image, exif),
                  load_folder_part(folder, "test", on_bad_image, exif)};
  const std::vector<std::string>&train = split.train.classes, &test = split.test.classes;
  std::vector<std::string> only_in_one;
  std::set_symmetric_difference(train.begin(), train.end(), test.begin(), test.end(),
                                std::back_inserter(only_in_one));
  require<FileError>(only_in_one.empty(), folder, ": train has ", train.size(),
                     " classes, test has ", test.size(),
                     ", expected the same ones; the first that only one of them has is ",
                     only_in_one.empty() ? "" : only_in_one.front());
  return split;
}

}  // namespace excite
