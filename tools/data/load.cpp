#include "tools/data/load.h"

#include "tools/data/builtin.h"
#include "tools/data/cifar.h"

namespace excite {

DataSplit load_data(const std::string& where, Broken broken) {
  if (where == "builtin") return draw_builtin();
  return is_image_folder(where) ? load_folder(where, broken) : load_cifar(where);
}

Dataset load_test_data(const std::string& where, Broken broken) {
  return is_image_folder(where) ? load_folder_part(where, "test", broken)
                                : load_data(where, broken).test;
}

const char* const data_in_words =
    "folder of images, {train,test}/CLASS/*; or of CIFAR-10 or CIFAR-100 binaries (or its parent); "
    "or builtin";

}  // namespace excite
