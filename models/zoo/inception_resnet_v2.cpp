#include "models/zoo/inception_resnet_v2.h"

namespace excite::inception {

namespace {

Row mixed_5b() {
  return mixed("mixed_5b", 3,
               {{conv("branch0", 1, 96)},
                {conv("branch1.0", 1, 48), conv("branch1.1", 5, 64)},
                {conv("branch2.0", 1, 64), conv("branch2.1", 3, 96), conv("branch2.2", 3, 96)},
                {avg_pool(pool_same_exclude_padding), conv("branch3.1", 1, 64)}});
}

Row block35(const std::string& name) {  // figure 16
  return residual(name, 3, 0.17,
                  {{conv("branch0", 1, 32)},
                   {conv("branch1.0", 1, 32), conv("branch1.1", 3, 32)},
                   {conv("branch2.0", 1, 32), conv("branch2.1", 3, 48), conv("branch2.2", 3, 64)}});
}

Row mixed_6a() {  // figure 7
  return mixed(
      "mixed_6a", 4,
      {{valid_conv("branch0", 3, 384, 2)},
       {conv("branch1.0", 1, 256), conv("branch1.1", 3, 256), valid_conv("branch1.2", 3, 384, 2)},
       {max_pool(pool_stride2)}});
}

Row block17(const std::string& name) {  // figure 17
  return residual(name, 4, 0.1,
                  {{conv("branch0", 1, 192)},
                   {conv("branch1.0", 1, 128), conv("branch1.1", {1, 7}, 160),
                    conv("branch1.2", {7, 1}, 192)}});
}

Row mixed_7a() {  // figure 18
  return mixed(
      "mixed_7a", 5,
      {{conv("branch0.0", 1, 256), valid_conv("branch0.1", 3, 384, 2)},
       {conv("branch1.0", 1, 256), valid_conv("branch1.1", 3, 288, 2)},
       {conv("branch2.0", 1, 256), conv("branch2.1", 3, 288), valid_conv("branch2.2", 3, 320, 2)},
       {max_pool(pool_stride2)}});
}

Row block8(const std::string& name) {  // figure 19
  return residual(name, 5, 0.2,
                  {{conv("branch0", 1, 192)},
                   {conv("branch1.0", 1, 192), conv("branch1.1", {1, 3}, 224),
                    conv("branch1.2", {3, 1}, 256)}});
}

// The last module: without a scale, and without a ReLU after the sum.
Row last_block8() {
  Row row = block8("block8");
  row.scale = 1, row.activation = identity;
  return row;
}

Table repeated(Row (*block)(const std::string& name), const std::string& name, long times) {
  Table table;
  for (long i = 0; i < times; i++) table.push_back(block(text(name, ".", i)));
  return table;
}

Table concat(const std::vector<Table>& parts) {
  Table table;
  for (const Table& part : parts) table.insert(table.end(), part.begin(), part.end());
  return table;
}

}  // namespace

Design inception_resnet_v2() {
  return {.name = "inception_resnet_v2",
          .table = concat(
              {{valid_conv("conv2d_1a", 3, 32, 2), valid_conv("conv2d_2a", 3, 32),
                conv("conv2d_2b", 3, 64), max_pool(pool_stride2), valid_conv("conv2d_3b", 1, 80),
                valid_conv("conv2d_4a", 3, 192), max_pool(pool_stride2)},
               {mixed_5b()},
               repeated(block35, "repeat", 10),  // 35x35
               {mixed_6a()},
               repeated(block17, "repeat_1", 20),  // 17x17
               {mixed_7a()},
               repeated(block8, "repeat_2", 9),
               {last_block8()},  // 8x8
               {conv("conv2d_7b", 1, 1536)}}),
          .classifier = "classif"};
}

Design small_inception_resnet_v2() {
  return {
      .name = "small_inception_resnet_v2",
      .table = divide_channels({valid_conv("conv2d_1a", 3, 32, 2), mixed_5b(), block35("repeat.0"),
                                mixed_6a(), block17("repeat_1.0"), mixed_7a(), block8("repeat_2.0"),
                                last_block8(), conv("conv2d_7b", 1, 1536)},
                               16),
      .classifier = "classif"};
}

}  // namespace excite::inception
