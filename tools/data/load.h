// Loads a data set by the name that the user gives it.
#pragma once
#include <string>

#include "tools/data/dataset.h"
#include "tools/data/folder.h"

namespace excite {

// source: "builtin", a folder with the .bin files of CIFAR-10 or CIFAR-100, the parent of
// cifar-10-batches-bin or cifar-100-binary, a folder of images (folder.h), or a .csv file that
// lists images (label_file.h). Of CIFAR all files have to be there; elsewhere sets may be missing,
// and are empty, but for the training images. FileError that names the file and says how to get the
// data.
DataSplit load_data(const std::string& source, OnBadImage on_bad_image = OnBadImage::skip,
                    Exif exif = Exif::apply);

// The images to measure with, which is all that is read: the test images, or the validation images
// where there are none; of a folder of classes and of a list without sets, all.
Dataset load_test_data(const std::string& source, OnBadImage on_bad_image = OnBadImage::skip,
                       Exif exif = Exif::apply);

// The images by which a run on this data is judged, whose recipe has this `validation`: as above,
// but where all images are training images, those of them that are split off to validate on.
// FileError if there are none.
Dataset load_data_to_judge(const std::string& source, double validation,
                           OnBadImage on_bad_image = OnBadImage::skip, Exif exif = Exif::apply);

// What load_data takes, in words: the help text of the option --data.
extern const char* const data_option_help;

}  // namespace excite
