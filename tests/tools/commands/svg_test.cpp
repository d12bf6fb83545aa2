// The colors of drawings.
#include "tools/commands/svg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace excite {
namespace {

using Color = std::array<double, 3>;  // linear red, green, blue, from 0 to 1

Color linear(const std::string& hex) {
  Color color{};
  for (std::size_t i = 0; i < 3; i++) {
    const double c = std::stoi(hex.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    color[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  return color;
}

using Matrix = std::array<Color, 3>;
Color product(const Matrix& m, const Color& c) {
  Color y{};
  for (std::size_t i = 0; i < 3; i++) y[i] = m[i][0] * c[0] + m[i][1] * c[1] + m[i][2] * c[2];
  return y;
}

// CIELAB with the white of D65: equal distances look about equally large.
Color lab(const Color& rgb) {
  const Matrix to_xyz{Color{0.4124564, 0.3575761, 0.1804375}, Color{0.2126729, 0.7151522, 0.072175},
                      Color{0.0193339, 0.119192, 0.9503041}};
  const auto f = [](double t) {
    return t > 216.0 / 24389 ? std::cbrt(t) : t * 841 / 108 + 4.0 / 29;
  };
  const Color xyz = product(to_xyz, rgb);
  const double x = f(xyz[0] / 0.95047), y = f(xyz[1]), z = f(xyz[2] / 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double distance(const Color& a, const Color& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

// What people without one kind of cones see (Machado, Oliveira, Fernandes, "A physiologically-based
// model for simulation of color vision deficiency", IEEE TVCG 15, 2009; severity 1).
const Matrix kinds_of_vision[] = {
    {Color{1, 0, 0}, Color{0, 1, 0}, Color{0, 0, 1}},
    {Color{0.152286, 1.052583, -0.204868}, Color{0.114503, 0.786281, 0.099216},
     Color{-0.003882, -0.048116, 1.051998}},
    {Color{0.367322, 0.860646, -0.227968}, Color{0.280085, 0.672501, 0.047413},
     Color{-0.011820, 0.042940, 0.968881}},
    {Color{1.255528, -0.076749, -0.178779}, Color{-0.078411, 0.930809, 0.147602},
     Color{0.004733, 0.691367, 0.303900}}};

// A distance of 2.3 is just visible; lines need much more.
TEST(Svg, ColorsDifferForPeopleWithEachKindOfColorBlindness) {
  EXPECT_NEAR(distance(lab(linear("#ffffff")), lab(linear("#000000"))), 100, 0.1);
  for (const Matrix& vision : kinds_of_vision) {
    std::vector<Color> seen;
    for (const char* color : svg::colors) {
      Color c = product(vision, linear(color));
      for (double& part : c) part = std::clamp(part, 0.0, 1.0);
      for (std::size_t i = 0; i < seen.size(); i++)
        EXPECT_GT(distance(lab(c), seen[i]), 20) << color << " and " << svg::colors[i];
      seen.push_back(lab(c));
    }
  }
}

// The contrast of the Web Content Accessibility Guidelines, on white and on the dark page.
TEST(Svg, ColorsAreVisibleOnWhiteAndOnTheDarkPage) {
  const auto luminance = [](const std::string& color) {
    const Color c = linear(color);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  };
  for (const char* color : svg::colors) {
    EXPECT_GT(1.05 / (luminance(color) + 0.05), 2) << color;
    EXPECT_GT((luminance(color) + 0.05) / (luminance("#16181b") + 0.05), 2) << color;
  }
}

}  // namespace
}  // namespace excite
