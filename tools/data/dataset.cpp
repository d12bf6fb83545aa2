#include "tools/data/dataset.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/images/resize.h"
#include "core/text.h"

namespace excite {

namespace {

std::string name_of(const Dataset& set) { return set.source.empty() ? "data set" : set.source; }

void require_pixels(const Dataset& set) {
  const long bytes = std::ssize(set.pixels);
  require(set.height >= 1 && set.width >= 1 && bytes == set.count() * set.image_bytes(),
          name_of(set), ": ", counted(set.count(), "label"), " and images of ", set.height, " x ",
          set.width, " pixels, but ", bytes, " bytes of pixels, expected [", set.count(), ", ",
          set.height, ", ", set.width, ", 3], which is ", set.count() * set.image_bytes());
}

}  // namespace

void Dataset::validate() const {
  if (in_files())
    require(std::ssize(files) == count() && pixels.empty(), name_of(*this), ": ",
            counted(std::ssize(files), "file"), ", ", counted(count(), "label"), " and ",
            pixels.size(), " bytes of pixels, expected a label for each file, and no pixels");
  else
    require_pixels(*this);
  const long named = std::ssize(classes);
  const std::string set = name_of(*this);
  const std::string expected =
      named == 0 ? "at least 0" : text("0 to ", named - 1, ", one of the ", named, " classes");
  for (long i = 0; i < count(); i++)
    require(labels[i] >= 0 && (named == 0 || labels[i] < named), set, ": label ", i, " is ",
            labels[i], ", expected ", expected);
}

ImageSource Dataset::open(long i) const {
  require(i >= 0 && i < count(), source, ": there is no image ", i, "; it has ", count(),
          " images, numbered from 0");
  if (!in_files() && std::ssize(pixels) < (i + 1) * image_bytes()) require_pixels(*this);
  if (decoded && decoded->at(i).height > 0) return ImageSource(decoded->at(i));
  if (in_files()) {
    if (contents)
      if (const auto file = contents->find(files[i]); file != contents->end())
        return open_image(file->second, files[i], exif);
    return open_image(files[i], exif);
  }
  const std::uint8_t* first = pixels_of(i);
  const long row_bytes = 3 * width;
  return ImageSource(height, width, [=](long row, std::uint8_t* rgb) {
    std::copy_n(first + row * row_bytes, row_bytes, rgb);
  });
}

Image Dataset::image(long i) const {
  const ImageSource opened = open(i);
  return crop(opened, opened.whole());
}

std::string Dataset::name(long i) const { return in_files() ? files[i] : std::to_string(i); }

Dataset keep_first(Dataset dataset, long limit) {
  require<UsageError>(limit >= 1, "keep_first: the limit is ", limit,
                      ", expected at least 1 image");
  if (limit < dataset.count()) {
    dataset.labels.resize(limit);
    dataset.labels.shrink_to_fit();
    if (dataset.in_files())
      dataset.files.resize(limit);
    else
      dataset.pixels.resize(limit * dataset.image_bytes());
    dataset.pixels.shrink_to_fit();
  }
  return dataset;
}

Dataset select(const Dataset& dataset, const std::vector<long>& indices) {
  Dataset some{.source = dataset.source,
               .classes = dataset.classes,
               .height = dataset.height,
               .width = dataset.width,
               .pixels = {},
               .files = {},
               .labels = {},
               .strict = dataset.strict,
               .exif = dataset.exif,
               .contents = dataset.contents};
  for (const long i : indices) {
    require(i >= 0 && i < dataset.count(), name_of(dataset), ": there is no image ", i, "; it has ",
            dataset.count(), " images, numbered from 0");
    some.labels.push_back(dataset.labels[i]);
    if (dataset.in_files())
      some.files.push_back(dataset.files[i]);
    else
      some.pixels.insert(some.pixels.end(), dataset.pixels_of(i),
                         dataset.pixels_of(i) + dataset.image_bytes());
  }
  return some;
}

Dataset leave_out(Dataset dataset, const std::vector<long>& indices) {
  require(std::is_sorted(indices.begin(), indices.end()) &&
              (indices.empty() || (indices.front() >= 0 && indices.back() < dataset.count())),
          name_of(dataset), ": images to leave out, expected indices from 0 to ",
          dataset.count() - 1, " in ascending order");
  const bool in_files = dataset.in_files();
  const long bytes = in_files ? 0 : dataset.image_bytes();
  long kept = 0;
  for (long i = 0; i < dataset.count(); i++) {
    if (std::binary_search(indices.begin(), indices.end(), i)) continue;
    dataset.labels[kept] = dataset.labels[i];
    if (in_files && kept < i) dataset.files[kept] = std::move(dataset.files[i]);
    std::copy_n(dataset.pixels.begin() + i * bytes, bytes, dataset.pixels.begin() + kept * bytes);
    kept++;
  }
  dataset.decoded.reset();
  require<FileError>(kept > 0, dataset.source, ": none of its ", dataset.count(),
                     " images could be decoded");
  return keep_first(std::move(dataset), kept);
}

Dataset resized(const Dataset& dataset, long side) {
  Dataset result{.source = dataset.source,
                 .classes = dataset.classes,
                 .height = side,
                 .width = side,
                 .pixels = {},
                 .files = {},
                 .labels = dataset.labels,
                 .exif = dataset.exif};
  for (long i = 0; i < dataset.count(); i++) {
    const ImageSource source = dataset.open(i);
    const Image image = resize(source, source.whole(), side, side);
    result.pixels.insert(result.pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return result;
}

}  // namespace excite
