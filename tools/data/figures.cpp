#include "tools/data/figures.h"

#include <algorithm>
#include <cstdlib>

namespace excite {
namespace {

constexpr long half_side = 850;  // of the square figures

bool within(long u, long v, long radius) { return u * u + v * v <= radius * radius; }
// The distance from the center in the maximum norm.
long from_center(long u, long v) { return std::max(std::abs(u), std::abs(v)); }

bool disc(long u, long v) { return within(u, v, 950); }
bool ring(long u, long v) { return within(u, v, 1000) && !within(u, v, 600); }
bool crescent(long u, long v) { return within(u, v, 1000) && !within(u - 450, v, 800); }
bool square(long u, long v) { return from_center(u, v) <= half_side; }
bool frame(long u, long v) { return from_center(u, v) <= half_side && from_center(u, v) >= 500; }
bool cross(long u, long v) {
  return from_center(u, v) <= 1000 && std::min(std::abs(u), std::abs(v)) <= 280;
}

// The intersection of three half-planes at 120 degrees; 866 / 1000 is the sine of 60 degrees.
bool triangle(long u, long v) {
  constexpr long inner = 550;
  return -v <= inner && 866 * u + 500 * v <= 1000 * inner && -866 * u + 500 * v <= 1000 * inner;
}

// A pentagon is the intersection of five half-planes. A tip of the star around it lies inside all
// but one of them.
bool star(long u, long v) {
  constexpr long inner = 360;
  // Sine and cosine of 0, 72, ... degrees, times 1000.
  constexpr long normal[5][2] = {{0, 1000}, {951, 309}, {588, -809}, {-588, -809}, {-951, 309}};
  return std::ranges::count_if(
             normal, [=](const auto& n) { return n[0] * u + n[1] * v <= 1000 * inner; }) >= 4;
}

// The square is divided into five bands of equal width: 0, 1, 2, 3, 4.
long band(long u) { return (u + half_side) * 5 / (2 * half_side + 1); }
bool stripes(long u, long v) { return square(u, v) && band(u) % 2 == 0; }
bool checkerboard(long u, long v) { return square(u, v) && (band(u) + band(v)) % 2 == 0; }

}  // namespace

const std::array<Figure, 10> figures = {{{"disc", disc},
                                         {"ring", ring},
                                         {"crescent", crescent},
                                         {"square", square},
                                         {"frame", frame},
                                         {"triangle", triangle},
                                         {"cross", cross},
                                         {"star", star},
                                         {"stripes", stripes},
                                         {"checkerboard", checkerboard}}};

}  // namespace excite
