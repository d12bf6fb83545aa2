// CIFAR-10 and CIFAR-100 in their official binary form
// (https://www.cs.toronto.edu/~kriz/cifar.html): records without any header, each a label byte
// (CIFAR-100: a coarse and a fine one), then 1,024 bytes of red, of green, of blue, row by row.
#pragma once
#include <string>

#include "tools/data/dataset.h"

namespace excite {

// `folder` holds the .bin files, or is the parent of cifar-10-batches-bin or cifar-100-binary.
// FileError naming the file, the record and the offset if something is not as it should be.
DataSplit load_cifar(const std::string& folder);

}  // namespace excite
