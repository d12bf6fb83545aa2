// A data set as a list: a .csv file whose lines name image files and their classes.
//   file,label,set
//   cats/1.jpg,cat,train
// The column set may be missing; then all images are training images.
#pragma once
#include <string>

#include "tools/data/labeled_files.h"

namespace excite {

// Files are relative to the folder of the list. Classes are numbered in the order of their names.
// Sets are train, validation (also val or valid) and test. FileError that names the line if the
// list is not as above; as load_folder if sets differ in their classes.
DataSplit load_label_file(const std::string& path, OnBadImage on_bad_image,
                          Exif exif = Exif::apply);

}  // namespace excite
