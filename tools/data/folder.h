// Folders of image files of any size. Either the folder has parts,
//   DIR/{train,val,test}/CLASS/**     val may also be named valid or validation
// or all images are in folders of classes, DIR/CLASS/**. Classes are numbered in the order of their
// names. Folders below a class belong to it (files_below in file_tree.h says how they are walked).
#pragma once
#include <string>

#include "tools/data/labeled_files.h"

namespace excite {

// Whether it has a folder train, test, or one of the names of val.
bool has_parts(const std::string& folder);
bool has_held_out_part(const std::string& folder);  // one of them but train
// Whether one of the first files in the folder, or in folders at most `depth` below, is an image.
bool has_image(const std::string& folder, long depth);
// Whether it has two folders with images or more.
bool is_folder_of_classes(const std::string& folder);

// Sets that are missing are empty. A folder of classes is a training set. FileError if there is no
// train, if a set has no class or an empty class, or if two sets have different classes.
DataSplit load_folder(const std::string& folder, OnBadImage on_bad_image, Exif exif = Exif::apply);
// The images to measure with: test, or val where it is missing. Of a folder of classes, all.
Dataset load_test_folder(const std::string& folder, OnBadImage on_bad_image,
                         Exif exif = Exif::apply);

}  // namespace excite
