#include "tools/data/labeled_files.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <utility>

#include "core/files/input_file.h"
#include "core/images/image_size.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/data/name_form.h"

namespace excite {

namespace {

struct ImageFile {
  std::string path, error;  // error: empty if the header is that of an image
  ImageSize size{};
};

// "" if there is nothing to explain.
std::string explain_missing(const std::string& path) {
  const std::string other = other_form_of_file(path);
  if (other.empty()) return "";
  return text("; there is ", other,
              ", whose accents are in the other Unicode form (NFC or NFD): the names look the same "
              "but have different bytes");
}

std::vector<ImageFile> read_headers(const std::vector<std::string>& files, Exif exif) {
  std::vector<ImageFile> all;
  for (const std::string& path : files) all.push_back({path, {}});
  parallel_ranges(std::ssize(all), 1, [&](long begin, long end) {
    for (long i = begin; i < end; i++) {
      ImageFile& image = all[i];
      try {
        image.size = read_image_size(image.path, exif);
      } catch (const UnusableFile& error) {
        image.error = error.what() + explain_missing(image.path);
      }
    }
  });
  return all;
}

void skip_bad_images(std::vector<ImageFile>& images, OnBadImage on_bad_image,
                     std::vector<std::string>& left_out) {
  for (const ImageFile& image : images) {
    if (image.error.empty()) continue;
    require<FileError>(on_bad_image == OnBadImage::skip, image.error);
    std::cerr << "excite: skipped " << printable(image.error) << "\n";
    left_out.push_back(image.error);
  }
  std::erase_if(images, [](const ImageFile& image) { return !image.error.empty(); });
}

}  // namespace

Dataset labeled_files(const std::string& source, const std::vector<ClassFiles>& classes,
                      OnBadImage on_bad_image, Exif exif) {
  Dataset set;
  set.source = source;
  set.exif = exif;
  set.strict = on_bad_image == OnBadImage::fail;
  std::vector<std::vector<ImageFile>> images_of_class;
  std::size_t largest_class = 0;
  for (const ClassFiles& c : classes) {
    set.classes.push_back(c.name);
    std::vector<ImageFile> images = read_headers(c.files, exif);
    skip_bad_images(images, on_bad_image, set.left_out);
    require<FileError>(!images.empty(), source, "/", c.name,
                       ": there is no image in it, expected those of the class ", c.name);
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

void require_same_classes(const std::string& source, const DataSplit& data) {
  const std::vector<std::string>& train = data.train.classes;
  for (const auto& [set, name] :
       {std::pair(&data.validation, "validation"), {&data.test, "test"}}) {
    if (set->count() == 0) continue;
    std::vector<std::string> only_in_one;
    std::set_symmetric_difference(train.begin(), train.end(), set->classes.begin(),
                                  set->classes.end(), std::back_inserter(only_in_one));
    const std::string first = only_in_one.empty() ? "" : only_in_one.front();
    const bool has_other_form = std::ranges::any_of(
        only_in_one, [&](const std::string& other) { return differ_in_form(first, other); });
    require<FileError>(
        only_in_one.empty(), source, ": train has ", train.size(), " classes, ", name, " has ",
        set->classes.size(), ", expected the same ones; the first that only one of them has is ",
        first,
        has_other_form ? ". The other one has a class of a name that looks the same, but with "
                         "its accents in the other Unicode form (NFC or NFD); rename one of them"
                       : "");
  }
}

}  // namespace excite
