#include "tools/graph/maps.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/images/resize.h"

namespace excite {

namespace {

constexpr long max_maps = 4, max_side = 32, gap = 1, row_height = 6, max_row = 128;

struct Color {
  std::uint8_t red, green, blue;
};
std::uint8_t level(double share) {
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
}

// The numbers of map c as an image [H, W], or a row [C] as a band.
struct Maps {
  long count, height, width;
  std::function<double(long map, long row, long col)> at;
};

Maps maps_of(const Tensor& x) {
  if (x.shape().rank() == 4) {
    const long width = x.dim(2), channels = x.dim(3);
    return {std::min(channels, max_maps), x.dim(1), width,
            [&x, width, channels](long c, long i, long j) {
              return static_cast<double>(x[(i * width + j) * channels + c]);
            }};
  }
  const long length = std::min(x.shape().rank() == 0 ? 1 : x.dim(-1), max_row);
  return {1, row_height, length, [&x](long, long, long j) { return static_cast<double>(x[j]); }};
}

Image draw(const Maps& maps, const std::function<Color(double)>& color) {
  Image all;
  for (long m = 0; m < maps.count; m++) {
    Image map{maps.height, maps.width, {}};
    for (long i = 0; i < maps.height; i++)
      for (long j = 0; j < maps.width; j++) {
        const Color c = color(maps.at(m, i, j));
        map.pixels.insert(map.pixels.end(), {c.red, c.green, c.blue});
      }
    if (maps.count > 1 && std::max(map.height, map.width) > max_side)
      map = resize(map, std::min(map.height, max_side), std::min(map.width, max_side));
    if (m == 0) all = {map.height, maps.count * (map.width + gap) - gap, {}};
    all.pixels.resize(static_cast<std::size_t>(all.height * all.width * 3), 128);
    for (long i = 0; i < map.height; i++)
      std::copy_n(map.pixels.begin() + i * map.width * 3, map.width * 3,
                  all.pixels.begin() + (i * all.width + m * (map.width + gap)) * 3);
  }
  return all;
}

void for_each_number(const Maps& maps, const std::function<void(double)>& body) {
  for (long m = 0; m < maps.count; m++)
    for (long i = 0; i < maps.height; i++)
      for (long j = 0; j < maps.width; j++) body(maps.at(m, i, j));
}

}  // namespace

Image value_map(const Tensor& x) {
  const Maps maps = maps_of(x);
  double most = -std::numeric_limits<double>::infinity(), least = -most;
  for_each_number(maps, [&](double v) { least = std::min(least, v), most = std::max(most, v); });
  return draw(maps, [=](double v) {
    const std::uint8_t gray = level(most > least ? (v - least) / (most - least) : 0.5);
    return Color{gray, gray, gray};
  });
}

Image gradient_map(const Tensor& dx) {
  const Maps maps = maps_of(dx);
  double most = 0;
  for_each_number(maps, [&](double v) { most = std::max(most, std::abs(v)); });
  return draw(maps, [=](double v) {
    const double share = most > 0 ? v / most : 0;
    const std::uint8_t other = level(1 - std::abs(share));
    return share < 0 ? Color{other, other, 255} : Color{255, other, other};
  });
}

}  // namespace excite
