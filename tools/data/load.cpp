#include "tools/data/load.h"

#include "tools/data/builtin.h"
#include "tools/data/cifar.h"

namespace excite {

DataSplit load_data(const std::string& where) { return where == "builtin" ? draw_builtin() : load_cifar(where); }

}  // namespace excite
