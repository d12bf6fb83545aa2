#include "models/zoo/bn_inception.h"

namespace excite::inception {

namespace {

// "double": two 3x3 convolutions in place of a 5x5.
Row module(const std::string& name, long stage, long conv1x1, long reduce, long conv3x3,
           long double_reduce, long double3x3, const Row& pool, long proj) {
  return mixed("inception_" + name, stage,
               {{conv("1x1", 1, conv1x1)},
                {conv("3x3_reduce", 1, reduce), conv("3x3", 3, conv3x3)},
                {conv("double_3x3_reduce", 1, double_reduce), conv("double_3x3_1", 3, double3x3),
                 conv("double_3x3_2", 3, double3x3)},
                {pool, conv("pool_proj", 1, proj)}});
}

// Halves the image. It has no 1x1 branch, and no convolution after the pool.
Row reduction_module(const std::string& name, long stage, long reduce, long conv3x3,
                     long double_reduce, long double3x3) {
  return mixed("inception_" + name, stage,
               {{conv("3x3_reduce", 1, reduce), conv("3x3", 3, conv3x3, 2)},
                {conv("double_3x3_reduce", 1, double_reduce), conv("double_3x3_1", 3, double3x3),
                 conv("double_3x3_2", 3, double3x3, 2)},
                {half_max_pool()}});
}

const Pool2dOptions pool_stride2_ceil{.kernel = 3, .stride = 2, .ceil = true};

}  // namespace

Design bn_inception() {
  const Row avg = avg_pool(pool_same), max = max_pool(pool_same);
  return {.name = "bn_inception",
          .table = {conv("conv1.7x7_s2", 7, 64, 2), max_pool(pool_stride2_ceil),
                    conv("conv2.3x3_reduce", 1, 64), conv("conv2.3x3", 3, 192),
                    max_pool(pool_stride2_ceil),
                    //               1x1     3x3    double 3x3    pool
                    module("3a", 3, 64, 64, 64, 64, 96, avg, 32),  // 28x28
                    module("3b", 3, 64, 64, 96, 64, 96, avg, 64),
                    reduction_module("3c", 4, 128, 160, 64, 96),  // 14x14
                    module("4a", 4, 224, 64, 96, 96, 128, avg, 128),
                    module("4b", 4, 192, 96, 128, 96, 128, avg, 128),
                    module("4c", 4, 160, 128, 160, 128, 160, avg, 128),
                    module("4d", 4, 96, 128, 192, 160, 192, avg, 128),
                    reduction_module("4e", 5, 128, 192, 192, 256),  // 7x7
                    module("5a", 5, 352, 192, 320, 160, 224, avg, 128),
                    module("5b", 5, 352, 192, 320, 192, 224, max, 128)},
          .classifier = "fc",
          .eps = 1e-5};
}

Design small_bn_inception() {
  return {
      .name = "small_bn_inception",
      .table = divide_channels({conv("conv1.7x7_s2", 7, 64, 2), max_pool(pool_stride2_ceil),
                                module("3a", 3, 64, 64, 64, 64, 96, avg_pool(pool_same), 32),
                                reduction_module("3c", 4, 128, 160, 64, 96),
                                module("5b", 5, 352, 192, 320, 192, 224, max_pool(pool_same), 128)},
                               16),
      .classifier = "fc",
      .eps = 1e-5};
}

}  // namespace excite::inception
