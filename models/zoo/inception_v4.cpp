#include "models/zoo/inception_v4.h"

namespace excite::inception {

namespace {

// ---- the stem, figure 3: three convolutions, then modules that never have se ----

Row stem_3a() { return mixed("", 0, {{max_pool(pool_stride2)}, {valid_conv("conv", 3, 96, 2)}}); }

Row stem_4a() {
  return mixed("", 0,
               {{conv("branch0.0", 1, 64), valid_conv("branch0.1", 3, 96)},
                {conv("branch1.0", 1, 64), conv("branch1.1", {1, 7}, 64),
                 conv("branch1.2", {7, 1}, 64), valid_conv("branch1.3", 3, 96)}});
}

Row stem_5a() { return mixed("", 0, {{valid_conv("conv", 3, 192, 2)}, {max_pool(pool_stride2)}}); }

// ---- modules ----

Row module_a() {  // figure 4
  return mixed("", 3,
               {{conv("branch0", 1, 96)},
                {conv("branch1.0", 1, 64), conv("branch1.1", 3, 96)},
                {conv("branch2.0", 1, 64), conv("branch2.1", 3, 96), conv("branch2.2", 3, 96)},
                {avg_pool(pool_same_exclude_padding), conv("branch3.1", 1, 96)}});
}

Row reduction_a() {  // figure 7
  return mixed(
      "", 4,
      {{valid_conv("branch0", 3, 384, 2)},
       {conv("branch1.0", 1, 192), conv("branch1.1", 3, 224), valid_conv("branch1.2", 3, 256, 2)},
       {max_pool(pool_stride2)}});
}

Row module_b() {  // figure 5
  return mixed(
      "", 4,
      {{conv("branch0", 1, 384)},
       {conv("branch1.0", 1, 192), conv("branch1.1", {1, 7}, 224), conv("branch1.2", {7, 1}, 256)},
       {conv("branch2.0", 1, 192), conv("branch2.1", {7, 1}, 192), conv("branch2.2", {1, 7}, 224),
        conv("branch2.3", {7, 1}, 224), conv("branch2.4", {1, 7}, 256)},
       {avg_pool(pool_same_exclude_padding), conv("branch3.1", 1, 128)}});
}

Row reduction_b() {  // figure 8
  return mixed("", 5,
               {{conv("branch0.0", 1, 192), valid_conv("branch0.1", 3, 192, 2)},
                {conv("branch1.0", 1, 256), conv("branch1.1", {1, 7}, 256),
                 conv("branch1.2", {7, 1}, 320), valid_conv("branch1.3", 3, 320, 2)},
                {max_pool(pool_stride2)}});
}

Row module_c() {  // figure 6
  return mixed(
      "", 5,
      {{conv("branch0", 1, 256)},
       {conv("branch1_0", 1, 384),
        split({{conv("branch1_1a", {1, 3}, 256)}, {conv("branch1_1b", {3, 1}, 256)}})},
       {conv("branch2_0", 1, 384), conv("branch2_1", {3, 1}, 448), conv("branch2_2", {1, 3}, 512),
        split({{conv("branch2_3a", {1, 3}, 256)}, {conv("branch2_3b", {3, 1}, 256)}})},
       {avg_pool(pool_same_exclude_padding), conv("branch3.1", 1, 256)}});
}

// timm names the rows by their index: features.0, features.1, ...
Table numbered(Table table) {
  for (std::size_t i = 0; i < table.size(); i++) table[i].name = text("features.", i);
  return table;
}

}  // namespace

Design inception_v4() {
  Table table{valid_conv("", 3, 32, 2),
              valid_conv("", 3, 32),
              conv("", 3, 64),
              stem_3a(),
              stem_4a(),
              stem_5a()};
  table.insert(table.end(), 4, module_a());  // 35x35
  table.push_back(reduction_a());
  table.insert(table.end(), 7, module_b());  // 17x17
  table.push_back(reduction_b());
  table.insert(table.end(), 3, module_c());  // 8x8
  return {.name = "inception_v4", .table = numbered(table), .classifier = "last_linear"};
}

Design small_inception_v4() {
  return {.name = "small_inception_v4",
          .table = divide_channels(numbered({conv("", 3, 64), stem_3a(), module_a(), reduction_a(),
                                             module_b(), reduction_b(), module_c()}),
                                   16),
          .classifier = "last_linear"};
}

}  // namespace excite::inception
