#include "tools/data/builtin.h"

#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "core/random.h"
#include "tools/data/figures.h"

namespace excite {
namespace {

constexpr long side = 32, image_bytes = side * side * 3;
// Of this data set; independent of the seed of a training run.
constexpr std::uint64_t seed = 1709'01507;

using Color = std::array<long, 3>;
using Canvas = std::array<Color, side * side>;

// A random integer from low to high, both included.
long uniform(Rng& rng, long low, long high) { return low + rng.below(high - low + 1); }

// A direction without a cosine. The square of a complex integer is
//   (a + bi)^2 = (a^2 - b^2) + (2ab)i
// and has exactly the length a^2 + b^2. The integers are drawn from a disc, so all directions are
// equally likely.
struct Direction {
  long x, y, length;
};

Direction random_direction(Rng& rng) {
  constexpr long radius = 100;
  while (true) {
    const long a = uniform(rng, -radius, radius), b = uniform(rng, -radius, radius),
               length = a * a + b * b;
    if (length > 0 && length <= radius * radius) return {a * a - b * b, 2 * a * b, length};
  }
}

// Lengths are in sixths of a pixel. The centers of a pixel's 3 x 3 samples are then the integers 1,
// 3 and 5.
constexpr long pixel = 6, samples[] = {1, 3, 5};

// Center, radius and rotation of a figure in the image.
struct Pose {
  long x, y, radius;
  Direction rotation;
};

// Blends `color` into each pixel, weighted by how many of the pixel's nine samples lie in the
// figure.
template <class Contains>
void paint(Canvas& canvas, const Contains& contains, const Pose& pose, const Color& color) {
  // The matrix from pixels to the figure's own coordinates, in fixed point with 16 fractional bits.
  constexpr long fraction = 16;
  const auto& [center_x, center_y, radius, rotation] = pose;
  const long cosine = (rotation.x * figure_unit << fraction) / (rotation.length * radius);
  const long sine = (rotation.y * figure_unit << fraction) / (rotation.length * radius);
  const long reach = radius * 5 / 4;  // at least the distance of a square's corners
  const auto clip = [](long value) { return std::clamp(value / pixel, 0l, side - 1); };
  for (long y = clip(center_y - reach); y <= clip(center_y + reach); y++)
    for (long x = clip(center_x - reach); x <= clip(center_x + reach); x++) {
      long covered = 0;
      for (const long sy : samples)
        for (const long sx : samples) {
          const long dx = x * pixel + sx - center_x, dy = y * pixel + sy - center_y;
          covered += contains((dx * cosine + dy * sine) >> fraction,
                              (dy * cosine - dx * sine) >> fraction);
        }
      for (std::size_t c = 0; covered > 0 && c < 3; c++) {
        long& value = canvas[y * side + x][c];
        value = (value * (9 - covered) + color[c] * covered) / 9;
      }
    }
}

// A linear gradient of random colors in a random direction. Returns the color in the middle.
Color paint_background(Canvas& canvas, Rng& rng) {
  const Direction d = random_direction(rng);
  Color middle, slope;
  for (long& value : middle) value = uniform(rng, 50, 205);
  for (long& value : slope) value = uniform(rng, -48, 48);
  for (long y = 0; y < side; y++)
    for (long x = 0; x < side; x++)
      for (std::size_t c = 0; c < 3; c++)
        canvas[y * side + x][c] = middle[c] + slope[c] *
                                                  ((2 * x - side) * d.x + (2 * y - side) * d.y) /
                                                  (d.length * side);
  return middle;
}

// Distractors: 3 to 6 small discs and bars of random colors.
void paint_clutter(Canvas& canvas, Rng& rng) {
  const auto dot = [](long u, long v) { return u * u + v * v <= figure_unit * figure_unit; };
  const auto bar = [](long u, long v) {
    return std::abs(u) <= figure_unit && std::abs(v) <= figure_unit / 4;
  };
  for (long count = uniform(rng, 3, 6); count > 0; count--) {
    const bool is_dot = rng.below(2);
    const long size = is_dot ? uniform(rng, 8, 14) : uniform(rng, 16, 40);
    const Pose pose{uniform(rng, 0, side * pixel), uniform(rng, 0, side * pixel), size,
                    random_direction(rng)};
    const Color color{uniform(rng, 0, 255), uniform(rng, 0, 255), uniform(rng, 0, 255)};
    is_dot ? paint(canvas, dot, pose, color) : paint(canvas, bar, pose, color);
  }
}

// Brighter or darker than the background, independently in red, green and blue. So no color
// identifies a class.
Color figure_color(const Color& background, Rng& rng) {
  Color color;
  for (std::size_t c = 0; c < 3; c++)
    color[c] = background[c] + (rng.below(2) ? 1 : -1) * uniform(rng, 40, 110);
  return color;
}

void paint_figure(Canvas& canvas, const Figure& figure, const Color& background, Rng& rng) {
  const long radius = uniform(rng, 7 * pixel, 12 * pixel), room = side * pixel / 2 - radius;
  const Pose pose{side * pixel / 2 + uniform(rng, -room, room),
                  side * pixel / 2 + uniform(rng, -room, room), radius, random_direction(rng)};
  paint(canvas, figure.contains, pose, figure_color(background, rng));
}

// Adds noise of a triangular distribution (the difference of two random bytes) and clamps to 0 ...
// 255.
void store(const Canvas& canvas, Rng& rng, std::uint8_t* pixels) {
  const long strength = uniform(rng, 10, 60);
  for (const Color& color : canvas) {
    const std::uint64_t bits = rng.bits();
    for (std::size_t c = 0; c < 3; c++) {
      const long difference =
          static_cast<long>(bits >> (16 * c) & 255) - static_cast<long>(bits >> (16 * c + 8) & 255);
      *pixels++ =
          static_cast<std::uint8_t>(std::clamp(color[c] + difference * strength / 256, 0l, 255l));
    }
  }
}

Dataset draw(long first, long count) {
  Dataset dataset;
  dataset.source = "builtin";
  for (const Figure& figure : figures) dataset.classes.push_back(figure.name);
  dataset.pixels.resize(count * image_bytes);
  dataset.labels.resize(count);
  parallel_for(count, [&](long i) {
    dataset.labels[i] = static_cast<int>((first + i) % static_cast<long>(figures.size()));
    draw_builtin_image(first + i, dataset.pixels.data() + i * image_bytes);
  });
  return dataset;
}

}  // namespace

void draw_builtin_image(long index, std::uint8_t* pixels) {
  Rng rng(seed, index);
  Canvas canvas;
  const Color background = paint_background(canvas, rng);
  paint_clutter(canvas, rng);
  paint_figure(canvas, figures[index % figures.size()], background, rng);
  store(canvas, rng, pixels);
}

DataSplit draw_builtin(long train, long test) {
  return {draw(0, train), draw(builtin_train_count, test)};
}

}  // namespace excite
