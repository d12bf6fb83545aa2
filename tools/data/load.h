// A data set by the name that the user gives it.
#pragma once
#include <string>

#include "tools/data/dataset.h"

namespace excite {

// where: "builtin", a folder with the .bin files of CIFAR-10 or CIFAR-100, or the parent of cifar-10-batches-bin or cifar-100-binary.
// FileError that names the file and says how to get the data.
DataSplit load_data(const std::string& where);

}  // namespace excite
