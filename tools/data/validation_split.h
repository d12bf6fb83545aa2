// Splits validation images off the training images, for data sets that have none of their own.
#pragma once
#include <string>

#include "tools/data/dataset.h"

namespace excite {

// How many images are split off: below 1 a fraction of all, otherwise a number. 0: none.
constexpr double default_validation = 0.1;

// The indices, in ascending order. Each class gives its share, rounded, but never its last image. A
// class gives the images whose names have the smallest hashes. So the split depends on the names
// and the seed alone: the order of the images and the place of a folder do not change it. Images in
// memory have their indices as names. UsageError unless 0 < amount < the number of images.
std::vector<long> validation_indices(const Dataset& dataset, double amount, long seed = 0);

// Moves the validation images from `train` to `validation`. Nothing is moved if `amount` is 0 (then
// a set that is there already is dropped), or if there is such a set and `amount` is the default.
// UsageError for another amount beside such a set.
[[nodiscard]] DataSplit split_validation(DataSplit data, double amount = default_validation);

// Atomically, with one line per image file: file,label,set, where set is train or validation. File
// names are relative to the folder of the set; labels are names of classes.
void write_split(const std::string& path, const DataSplit& data);

}  // namespace excite
