// Cases of convolutions and pools.
#include "tools/commands/op_case_parts.h"

namespace excite {

namespace {

// ---- functions that make cases, so that most cases take one line ----

OpCase conv(const std::string& name, const Shape& x, const Shape& w,
            const Conv2dOptions& options = {}) {
  return {"conv2d", name, [=](const Vars& in) { return conv2d(in[0], in[1], options); },
          normals({x, w})};
}

OpCase max_pool(const std::string& name, const Shape& x, const Pool2dOptions& options) {
  return {"max_pool2d", name, [=](const Vars& in) { return max_pool2d(in[0], options); },
          each({x}, distinct)};
}

OpCase avg_pool(const std::string& name, const Shape& x, const Pool2dOptions& options) {
  return {"avg_pool2d", name, [=](const Vars& in) { return avg_pool2d(in[0], options); },
          normals({x})};
}

}  // namespace

std::vector<OpCase> convolution_cases() {
  return {
      conv("1x1", {2, 3, 4, 3}, {1, 1, 3, 5}),
      conv("1x1, stride 2", {2, 5, 4, 3}, {1, 1, 3, 4}, {.stride = 2}),
      conv("1x1, stride 3x2, padded", {1, 5, 5, 2}, {1, 1, 2, 3}, {.stride = {3, 2}, .pad = 1}),
      conv("1x1, groups 2", {2, 3, 3, 4}, {1, 1, 2, 6}, {.groups = 2}),
      conv("3x3", {2, 5, 4, 3}, {3, 3, 3, 4}),
      conv("3x3, pad 1", {2, 4, 5, 3}, {3, 3, 3, 4}, {.pad = 1}),
      conv("3x3, pad 1, one channel in and out", {2, 4, 4, 1}, {3, 3, 1, 1}, {.pad = 1}),
      conv("3x3, pad 1, an image of one pixel", {2, 1, 1, 3}, {3, 3, 3, 2}, {.pad = 1}),
      conv("3x3, pad 1, 16 channels", {1, 5, 6, 16}, {3, 3, 16, 16}, {.pad = 1}),
      conv("3x3, pad 1, 3 to 16 channels", {1, 6, 6, 3}, {3, 3, 3, 16}, {.pad = 1}),
      conv("3x3, pad 2x0", {1, 3, 5, 2}, {3, 3, 2, 3}, {.pad = {2, 0}}),
      conv("3x3, pad 3, windows that see only zeros", {1, 3, 3, 2}, {3, 3, 2, 3}, {.pad = 3}),
      conv("3x3, stride 2, pad 1, even image", {2, 6, 6, 2}, {3, 3, 2, 3}, {.stride = 2, .pad = 1}),
      conv("3x3, stride 2, pad 1, odd image", {2, 5, 7, 2}, {3, 3, 2, 3}, {.stride = 2, .pad = 1}),
      conv("3x3, stride 2x1", {1, 5, 5, 2}, {3, 3, 2, 3}, {.stride = {2, 1}, .pad = 1}),
      conv("3x3, stride 2, a last row outside all windows", {1, 6, 6, 2}, {3, 3, 2, 3},
           {.stride = 2}),
      conv("3x3, stride 4, pixels between windows", {1, 8, 8, 2}, {3, 3, 2, 2}, {.stride = 4}),
      conv("3x3, dilation 2", {1, 6, 7, 2}, {3, 3, 2, 3}, {.pad = 2, .dilation = 2}),
      conv("3x3, dilation 2x1, stride 1x2", {1, 6, 6, 2}, {3, 3, 2, 3},
           {.stride = {1, 2}, .pad = 1, .dilation = {2, 1}}),
      conv("3x3, groups 2", {2, 4, 4, 4}, {3, 3, 2, 6}, {.pad = 1, .groups = 2}),
      conv("3x3, groups 3, stride 2", {1, 5, 5, 6}, {3, 3, 2, 3},
           {.stride = 2, .pad = 1, .groups = 3}),
      conv("3x3, depthwise", {2, 4, 5, 6}, {3, 3, 1, 6}, {.pad = 1, .groups = 6}),
      conv("3x3, depthwise, stride 2", {1, 6, 5, 4}, {3, 3, 1, 4},
           {.stride = 2, .pad = 1, .groups = 4}),
      conv("3x3, depthwise, two outputs per channel", {1, 4, 4, 3}, {3, 3, 1, 6},
           {.pad = 1, .groups = 3}),
      conv("5x5, pad 2", {1, 6, 5, 2}, {5, 5, 2, 3}, {.pad = 2}),
      conv("5x5, stride 2, pad 1", {1, 7, 7, 2}, {5, 5, 2, 2}, {.stride = 2, .pad = 1}),
      conv("5x5, depthwise, dilation 2", {1, 9, 9, 2}, {5, 5, 1, 2},
           {.pad = 2, .dilation = 2, .groups = 2}),
      conv("7x7, stride 2, pad 3", {1, 9, 8, 2}, {7, 7, 2, 2}, {.stride = 2, .pad = 3}),
      conv("1x7, pad 0x3", {1, 3, 8, 2}, {1, 7, 2, 3}, {.pad = {0, 3}}),
      conv("7x1, pad 3x0", {1, 8, 3, 2}, {7, 1, 2, 3}, {.pad = {3, 0}}),
      conv("2x2, stride 2", {2, 4, 4, 2}, {2, 2, 2, 3}, {.stride = 2}),
      conv("2x3, pad 1", {1, 4, 4, 2}, {2, 3, 2, 2}, {.pad = 1}),
      conv("4x4, as large as the image", {2, 4, 4, 3}, {4, 4, 3, 2}),
      conv("5x5, larger than the image without its padding", {1, 3, 3, 2}, {5, 5, 2, 2},
           {.pad = 1}),
      {"conv2d", "only the weights require a gradient",
       [](const Vars& in) {
         Rng rng(1);
         return conv2d(normal({2, 4, 4, 3}, rng), in[0], {.pad = 1});
       },
       normals({{3, 3, 3, 2}})},
      {"conv2d", "only the images require a gradient",
       [](const Vars& in) {
         Rng rng(1);
         return conv2d(in[0], normal({3, 3, 3, 2}, rng), {.pad = 1});
       },
       normals({{2, 4, 4, 3}})},
  };
}

std::vector<OpCase> pool_cases() {
  return {
      max_pool("2x2", {2, 4, 4, 2}, {}),
      max_pool("2x2, odd image", {1, 5, 5, 2}, {}),
      max_pool("3x3, stride 2, pad 1", {2, 6, 5, 2}, {.kernel = 3, .pad = 1}),
      max_pool("3x3, stride 1, overlapping windows", {1, 5, 5, 2},
               {.kernel = 3, .stride = 1, .pad = 1}),
      max_pool("3x3, stride 2, ceil", {1, 6, 6, 2}, {.kernel = 3, .ceil = true}),
      max_pool("2x3, stride 1x2, pad 1x0", {1, 4, 6, 2},
               {.kernel = {2, 3}, .stride = {1, 2}, .pad = {1, 0}}),
      avg_pool("2x2", {2, 4, 4, 2}, {}),
      avg_pool("1x1, stride 2", {2, 4, 5, 2}, {.kernel = 1}),
      avg_pool("3x3, stride 1, padding counts", {1, 4, 5, 2}, {.kernel = 3, .stride = 1, .pad = 1}),
      avg_pool("3x3, stride 1, padding does not count", {1, 4, 5, 2},
               {.kernel = 3, .stride = 1, .pad = 1, .count_padding = false}),
      avg_pool("3x3, stride 2, ceil, padding counts", {1, 6, 6, 2},
               {.kernel = 3, .pad = 1, .ceil = true}),
      avg_pool("3x3, stride 2, ceil, padding does not count", {1, 6, 6, 2},
               {.kernel = 3, .pad = 1, .ceil = true, .count_padding = false}),
      avg_pool("2x3, stride 2x1", {1, 4, 5, 2}, {.kernel = {2, 3}, .stride = {2, 1}}),
      {"adaptive_avg_pool", "overlapping cells",
       [](const Vars& in) { return adaptive_avg_pool(in[0], 3); }, normals({{2, 4, 5, 2}})},
      {"adaptive_avg_pool", "more cells than pixels",
       [](const Vars& in) { return adaptive_avg_pool(in[0], 3); }, normals({{2, 1, 2, 2}})},
      {"adaptive_avg_pool", "2x3 cells of unequal size",
       [](const Vars& in) {
         return adaptive_avg_pool(in[0], {2, 3});
       },
       normals({{2, 5, 7, 2}})},
      {"adaptive_max_pool", "2x3 cells of unequal size",
       [](const Vars& in) {
         return adaptive_max_pool(in[0], {2, 3});
       },
       each({{2, 5, 7, 2}}, distinct)},
      {"adaptive_max_pool", "more cells than pixels",
       [](const Vars& in) { return adaptive_max_pool(in[0], 3); }, each({{2, 1, 2, 2}}, distinct)},
      {"global_avg_pool", "images", [](const Vars& in) { return global_avg_pool(in[0]); },
       normals({{2, 3, 4, 3}})},
      {"global_avg_pool", "one pixel", [](const Vars& in) { return global_avg_pool(in[0]); },
       normals({{2, 1, 1, 3}})},
      {"global_max_pool", "images", [](const Vars& in) { return global_max_pool(in[0]); },
       each({{2, 3, 4, 3}}, distinct)},
      {"global_max_pool", "one pixel", [](const Vars& in) { return global_max_pool(in[0]); },
       normals({{2, 1, 1, 3}})},
  };
}

}  // namespace excite
