#include "tools/data/load.h"

#include "tools/data/builtin.h"
#include "tools/data/cifar.h"

namespace excite {

DataSplit load_data(const std::string& source, OnBadImage on_bad_image, Exif exif) {
  if (source == "builtin") return draw_builtin();
  return is_image_folder(source) ? load_folder(source, on_bad_image, exif) : load_cifar(source);
}

Dataset load_test_data(const std::string& source, OnBadImage on_bad_image, Exif exif) {
  return is_image_folder(source) ? load_folder_part(source, "test", on_bad_image, exif)
                                 : load_data(source, on_bad_image).test;
}

const char* const data_option_help =
    "builtin, a folder of images DIR/{train,test}/CLASS/*, or a folder with the binary files of "
    "CIFAR-10 or CIFAR-100";

}  // namespace excite
