// Looks for mistakes in a data set. All images are decoded.
#pragma once
#include <string>
#include <vector>

#include "tools/data/dataset.h"

namespace excite {

struct SetReport {
  std::string name;                                  // train, validation or test
  long images = 0;                                   // that can be decoded
  std::vector<long> per_class;                       // of these
  long min_side = 0, median_side = 0, max_side = 0;  // the short side, in pixels; the long one
};

struct DataReport {
  std::vector<std::string> classes;
  std::vector<SetReport> sets;      // those that have images
  std::vector<std::string> broken;  // files that are no images or cannot be decoded
  // Pairs of images with the same pixels: in two sets, or in one set with different labels.
  std::vector<std::string> duplicates;
  // Names of classes that differ in case or spaces alone, classes with few images, and sets in
  // which a class has more than 20 times as many images as another one.
  std::vector<std::string> suspicious;
};

// Classes are those of the training set. A file that cannot be decoded counts in no other number.
DataReport check_data(const DataSplit& data);

}  // namespace excite
