// A data set by the name that the user gives it.
#pragma once
#include <string>

#include "tools/data/dataset.h"
#include "tools/data/folder.h"

namespace excite {

// where: "builtin", a folder with the .bin files of CIFAR-10 or CIFAR-100, the parent of
// cifar-10-batches-bin or cifar-100-binary, or a folder of images (folder.h). FileError that names
// the file and says how to get the data.
DataSplit load_data(const std::string& where, Broken broken = Broken::skipped);
Dataset load_test_data(const std::string& where,
                       Broken broken = Broken::skipped);  // a folder needs no training images then

extern const char* const data_in_words;  // of the option --data

}  // namespace excite
