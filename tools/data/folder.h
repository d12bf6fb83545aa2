// A folder of images: DIR/train/CLASS/* and DIR/test/CLASS/*, PNG or JPEG files of any size.
// Classes are numbered in the order of their names.
#pragma once
#include <string>

#include "tools/data/dataset.h"

namespace excite {

enum class Broken {
  skipped,
  refused
};  // what becomes of a file that is no image: named on standard error, or a FileError

bool is_image_folder(const std::string& folder);  // whether it has a train or a test folder

// The images take turns, one of each class, so that the first N are of all classes. Only headers
// are read here; what turns out to be broken later is dealt with then, in the same way. FileError
// if a part is missing, has no class or an empty one, or other classes than the other part.
DataSplit load_folder(const std::string& folder, Broken broken);
Dataset load_folder_part(const std::string& folder, const std::string& part, Broken broken);

}  // namespace excite
