#include "tools/data/builtin.h"

#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "core/random.h"
#include "tools/data/figures.h"

namespace excite {
namespace {

constexpr long side = 32, image_bytes = side * side * 3;
constexpr std::uint64_t seed = 1709'01507;  // of this data set, whatever seed it is trained with

using Color = std::array<long, 3>;
using Canvas = std::array<Color, side * side>;

long between(Rng& rng, long low, long high) { return low + rng.below(high - low + 1); }

// A direction without a cosine: the square of a complex integer (a + bi)^2 = (a^2 - b^2) + (2ab)i
// has exactly the length a^2 + b^2. The integers are drawn from a disc, so all directions are
// equally likely.
struct Direction {
  long x, y, length;
};

Direction any_direction(Rng& rng) {
  constexpr long radius = 100;
  while (true) {
    const long a = between(rng, -radius, radius), b = between(rng, -radius, radius),
               length = a * a + b * b;
    if (length > 0 && length <= radius * radius) return {a * a - b * b, 2 * a * b, length};
  }
}

// Where a figure stands. Lengths are in sixths of a pixel: the middles of a pixel's 3 x 3 samples
// are then the integers 1, 3 and 5.
constexpr long pixel = 6, samples[] = {1, 3, 5};

struct Pose {
  long x, y, radius;
  Direction turn;
};

// Mixes `color` into each pixel by how many of its nine samples the figure contains.
template <class Contains>
void paint(Canvas& canvas, const Contains& contains, const Pose& at, const Color& color) {
  constexpr long fraction =
      16;  // bits behind the point of the matrix that takes pixels to the figure's own coordinates
  const long along = (at.turn.x * figure_unit << fraction) / (at.turn.length * at.radius);
  const long across = (at.turn.y * figure_unit << fraction) / (at.turn.length * at.radius);
  const long reach = at.radius * 3 / 2;  // of the corners of a square
  const auto clip = [](long value) { return std::clamp(value / pixel, 0l, side - 1); };
  for (long y = clip(at.y - reach); y <= clip(at.y + reach); y++)
    for (long x = clip(at.x - reach); x <= clip(at.x + reach); x++) {
      long covered = 0;
      for (const long sy : samples)
        for (const long sx : samples) {
          const long dx = x * pixel + sx - at.x, dy = y * pixel + sy - at.y;
          covered += contains((dx * along + dy * across) >> fraction,
                              (dy * along - dx * across) >> fraction);
        }
      for (std::size_t c = 0; c < 3; c++) {
        long& value = canvas[y * side + x][c];
        value = (value * (9 - covered) + color[c] * covered) / 9;
      }
    }
}

// A color at each edge, and whatever lies between.
Color paint_background(Canvas& canvas, Rng& rng) {
  const Direction d = any_direction(rng);
  Color middle, slope;
  for (long& value : middle) value = between(rng, 50, 205);
  for (long& value : slope) value = between(rng, -48, 48);
  for (long y = 0; y < side; y++)
    for (long x = 0; x < side; x++)
      for (std::size_t c = 0; c < 3; c++)
        canvas[y * side + x][c] = middle[c] + slope[c] *
                                                  ((2 * x - side) * d.x + (2 * y - side) * d.y) /
                                                  (d.length * side);
  return middle;
}

// Small discs and bars of any color, to be told from the figure.
void paint_clutter(Canvas& canvas, Rng& rng) {
  const auto dot = [](long u, long v) { return u * u + v * v <= figure_unit * figure_unit; };
  const auto bar = [](long u, long v) {
    return std::abs(u) <= figure_unit && std::abs(v) <= figure_unit / 4;
  };
  for (long left = between(rng, 3, 6); left > 0; left--) {
    const bool round = rng.below(2);
    const long size = round ? between(rng, 8, 14) : between(rng, 16, 40);
    const Pose at{between(rng, 0, side * pixel), between(rng, 0, side * pixel), size,
                  any_direction(rng)};
    const Color color{between(rng, 0, 255), between(rng, 0, 255), between(rng, 0, 255)};
    round ? paint(canvas, dot, at, color) : paint(canvas, bar, at, color);
  }
}

// Brighter or darker than the background, for each of red, green and blue: no color belongs to a
// class.
Color figure_color(const Color& background, Rng& rng) {
  Color color;
  for (std::size_t c = 0; c < 3; c++)
    color[c] = background[c] + (rng.below(2) ? 1 : -1) * between(rng, 40, 110);
  return color;
}

void paint_figure(Canvas& canvas, const Figure& figure, const Color& background, Rng& rng) {
  const long radius = between(rng, 7 * pixel, 12 * pixel), room = side * pixel / 2 - radius;
  const Pose at{side * pixel / 2 + between(rng, -room, room),
                side * pixel / 2 + between(rng, -room, room), radius, any_direction(rng)};
  paint(canvas, figure.contains, at, figure_color(background, rng));
}

// Noise of a triangular distribution (the difference of two random bytes), then 0 to 255.
void store(const Canvas& canvas, Rng& rng, std::uint8_t* pixels) {
  const long strength = between(rng, 10, 60);
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

void draw_builtin_image(long number, std::uint8_t* pixels) {
  Rng rng(seed, number);
  Canvas canvas;
  const Color background = paint_background(canvas, rng);
  paint_clutter(canvas, rng);
  paint_figure(canvas, figures[number % figures.size()], background, rng);
  store(canvas, rng, pixels);
}

DataSplit draw_builtin(long train, long test) {
  return {draw(0, train), draw(builtin_train_count, test)};
}

}  // namespace excite
