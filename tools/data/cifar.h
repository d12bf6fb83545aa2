// CIFAR-10 and CIFAR-100 in their official binary form
// (https://www.cs.toronto.edu/~kriz/cifar.html). The files are records without a header. Each
// record is a label byte (CIFAR-100: a coarse and a fine one), then 1,024 bytes of red, of green
// and of blue, row by row.
#pragma once
#include <string>

#include "tools/data/dataset.h"

namespace excite {

// `folder` holds the .bin files, or is the parent of cifar-10-batches-bin or cifar-100-binary.
// FileError if a file is missing, has the wrong size or a wrong label; it names file, record and
// byte.
DataSplit load_cifar(const std::string& folder);
Dataset load_cifar_test(const std::string& folder);  // needs no training file

bool is_cifar(const std::string& folder);  // whether a file of CIFAR is there

// A file of CIFAR's Python version in the folder or below; "" if there is none.
std::string python_cifar(const std::string& folder);

}  // namespace excite
