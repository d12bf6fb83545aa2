// Loads a data set by the name that the user gives it.
#pragma once
#include <string>

#include "tools/data/dataset.h"
#include "tools/data/folder.h"

namespace excite {

// source: "builtin", a folder with the .bin files of CIFAR-10 or CIFAR-100, the parent of
// cifar-10-batches-bin or cifar-100-binary, or a folder of images (folder.h). FileError that names
// the file and says how to get the data.
DataSplit load_data(const std::string& source, OnBadImage on_bad_image = OnBadImage::skip,
                    Exif exif = Exif::apply);

// The test images alone; a folder of images then needs no train folder.
Dataset load_test_data(const std::string& source, OnBadImage on_bad_image = OnBadImage::skip,
                       Exif exif = Exif::apply);

// What load_data takes, in words: the help text of the option --data.
extern const char* const data_option_help;

}  // namespace excite
