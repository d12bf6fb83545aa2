// Image files whose labels are known become a data set: the headers of all files are read.
#pragma once
#include <string>
#include <vector>

#include "tools/data/dataset.h"

namespace excite {

// What to do with a file that is not a valid image: report it on standard error and skip it, or
// throw an UnusableFile.
enum class OnBadImage { skip, fail };

struct ClassFiles {
  std::string name;                // of the class
  std::vector<std::string> files;  // its images
};

// Class k of the set is classes[k]. The classes alternate: the first image of each, then the second
// of each, and so on, so the first N images contain all classes. A file that turns out to be
// damaged when it is decoded is treated as `on_bad_image` says too. FileError for a class without
// images.
Dataset labeled_files(const std::string& source, const std::vector<ClassFiles>& classes,
                      OnBadImage on_bad_image, Exif exif);

// FileError unless the sets that have images have the same classes.
void require_same_classes(const std::string& source, const DataSplit& data);

}  // namespace excite
