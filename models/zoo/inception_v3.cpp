#include "models/zoo/inception_v3.h"

namespace excite::inception {

namespace {

Row module_a(const std::string& name, long pool) {  // figure 5, with a 5x5 for its single 3x3
  return mixed(name, 3,
               {{conv("branch1x1", 1, 64)},
                {conv("branch5x5_1", 1, 48), conv("branch5x5_2", 5, 64)},
                {conv("branch3x3dbl_1", 1, 64), conv("branch3x3dbl_2", 3, 96),
                 conv("branch3x3dbl_3", 3, 96)},
                {avg_pool(pool_same), conv("branch_pool", 1, pool)}});
}

Row module_b(const std::string& name) {  // figure 10
  return mixed(name, 4,
               {{valid_conv("branch3x3", 3, 384, 2)},
                {conv("branch3x3dbl_1", 1, 64), conv("branch3x3dbl_2", 3, 96),
                 valid_conv("branch3x3dbl_3", 3, 96, 2)},
                {max_pool(pool_stride2)}});
}

Row module_c(const std::string& name, long c) {  // figure 6: 7x7 as 1x7 and 7x1
  return mixed(name, 4,
               {{conv("branch1x1", 1, 192)},
                {conv("branch7x7_1", 1, c), conv("branch7x7_2", {1, 7}, c),
                 conv("branch7x7_3", {7, 1}, 192)},
                {conv("branch7x7dbl_1", 1, c), conv("branch7x7dbl_2", {7, 1}, c),
                 conv("branch7x7dbl_3", {1, 7}, c), conv("branch7x7dbl_4", {7, 1}, c),
                 conv("branch7x7dbl_5", {1, 7}, 192)},
                {avg_pool(pool_same), conv("branch_pool", 1, 192)}});
}

Row module_d(const std::string& name) {
  return mixed(name, 5,
               {{conv("branch3x3_1", 1, 192), valid_conv("branch3x3_2", 3, 320, 2)},
                {conv("branch7x7x3_1", 1, 192), conv("branch7x7x3_2", {1, 7}, 192),
                 conv("branch7x7x3_3", {7, 1}, 192), valid_conv("branch7x7x3_4", 3, 192, 2)},
                {max_pool(pool_stride2)}});
}

Row module_e(const std::string& name) {  // figure 7
  return mixed(
      name, 5,
      {{conv("branch1x1", 1, 320)},
       {conv("branch3x3_1", 1, 384),
        split({{conv("branch3x3_2a", {1, 3}, 384)}, {conv("branch3x3_2b", {3, 1}, 384)}})},
       {conv("branch3x3dbl_1", 1, 448), conv("branch3x3dbl_2", 3, 384),
        split({{conv("branch3x3dbl_3a", {1, 3}, 384)}, {conv("branch3x3dbl_3b", {3, 1}, 384)}})},
       {avg_pool(pool_same), conv("branch_pool", 1, 192)}});
}

}  // namespace

Design inception_v3() {
  return {.name = "inception_v3",
          .table = {valid_conv("Conv2d_1a_3x3", 3, 32, 2), valid_conv("Conv2d_2a_3x3", 3, 32),
                    conv("Conv2d_2b_3x3", 3, 64), max_pool(pool_stride2),
                    valid_conv("Conv2d_3b_1x1", 1, 80), valid_conv("Conv2d_4a_3x3", 3, 192),
                    max_pool(pool_stride2), module_a("Mixed_5b", 32), module_a("Mixed_5c", 64),
                    module_a("Mixed_5d", 64),  // 35x35
                    module_b("Mixed_6a"),      // 17x17
                    module_c("Mixed_6b", 128), module_c("Mixed_6c", 160), module_c("Mixed_6d", 160),
                    module_c("Mixed_6e", 192),
                    module_d("Mixed_7a"),  // 8x8
                    module_e("Mixed_7b"), module_e("Mixed_7c")},
          .classifier = "fc"};
}

Design small_inception_v3() {
  return {.name = "small_inception_v3",
          .table = divide_channels({valid_conv("Conv2d_1a_3x3", 3, 32, 2), module_a("Mixed_5b", 32),
                                    module_b("Mixed_6a"), module_c("Mixed_6b", 128),
                                    module_d("Mixed_7a"), module_e("Mixed_7b")},
                                   16),
          .classifier = "fc"};
}

}  // namespace excite::inception
