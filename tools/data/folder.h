// A folder of images: DIR/train/CLASS/* and DIR/test/CLASS/*, files of any size.
// Classes are numbered in the order of their names.
#pragma once
#include <string>

#include "tools/data/dataset.h"

namespace excite {

// What to do with a file that is not a valid image: report it on standard error and skip it, or
// throw an UnusableFile.
enum class OnBadImage { skip, fail };

bool is_image_folder(const std::string& folder);  // whether it has a train or a test folder

// The classes alternate: the first image of each class, then the second of each, and so on. So the
// first N images contain all classes. Only file headers are read here. A file that turns out to be
// damaged when it is decoded is treated in the same way then. FileError if train or test is
// missing, has no class or an empty class, or if the two have different classes.
DataSplit load_folder(const std::string& folder, OnBadImage on_bad_image, Exif exif = Exif::apply);
// `part` is "train" or "test".
Dataset load_folder_part(const std::string& folder, const std::string& part,
                         OnBadImage on_bad_image, Exif exif = Exif::apply);

}  // namespace excite
