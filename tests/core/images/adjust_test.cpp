// Changes of images, byte for byte those of torchvision with Pillow (tests/golden/adjusted.py).
#include "core/images/adjust.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "core/files/crc.h"
#include "core/files/text_file.h"
#include "core/text.h"
#include "tests/support/errors.h"
#include "tests/support/golden_image.h"
#include "tools/data/auto_augment.h"

namespace excite {
namespace {

const std::map<std::string, ImageOp> ops{{"Identity", ImageOp::identity},
                                         {"ShearX", ImageOp::shear_x},
                                         {"ShearY", ImageOp::shear_y},
                                         {"TranslateX", ImageOp::translate_x},
                                         {"TranslateY", ImageOp::translate_y},
                                         {"Rotate", ImageOp::rotate},
                                         {"Brightness", ImageOp::brightness},
                                         {"Color", ImageOp::color},
                                         {"Contrast", ImageOp::contrast},
                                         {"Sharpness", ImageOp::sharpness},
                                         {"Posterize", ImageOp::posterize},
                                         {"Solarize", ImageOp::solarize},
                                         {"AutoContrast", ImageOp::auto_contrast},
                                         {"Equalize", ImageOp::equalize}};

TEST(Adjust, EqualsTorchvisionAndPillow) {
  std::map<std::string, long> seen;
  for (const std::string& line : read_lines("tests/golden/adjusted.txt", 1 << 20)) {
    char space[16], op[16];
    long bin = 0, height = 0, width = 0;
    double magnitude = 0;
    unsigned crc = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "%15s %15s %ld %lf %ldx%ld %x", space, op, &bin, &magnitude,
                          &height, &width, &crc),
              7)
        << line;
    const Image changed = apply_change(golden_image(height, width), {ops.at(op), magnitude});
    EXPECT_EQ(crc32(changed.pixels.data(), changed.pixels.size()), crc) << line;
    const double ours = space == std::string("rand")
                            ? rand_augment_magnitude(ops.at(op), bin, height, width)
                            : trivial_augment_magnitude(ops.at(op), bin);
    EXPECT_NEAR(ours, std::abs(magnitude), 1e-6 * std::abs(magnitude)) << line;
    EXPECT_TRUE(magnitude >= 0 || has_sign(ops.at(op))) << line;
    seen[op]++;
  }
  EXPECT_EQ(std::ssize(seen), image_op_count);
}

TEST(Adjust, ByHand) {
  const Image two{1, 2, {10, 20, 30, 200, 100, 0}};
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(adjust_brightness(two, 1.5).pixels, (Bytes{15, 30, 45, 255, 150, 0}));
  EXPECT_EQ(solarize(two, 100).pixels, (Bytes{10, 20, 30, 55, 155, 0}));
  EXPECT_EQ(posterize(two, 1).pixels, (Bytes{0, 0, 0, 128, 0, 0}));
  EXPECT_EQ(autocontrast(two).pixels, (Bytes{0, 0, 255, 255, 255, 0}));
  EXPECT_EQ(translate(two, 1, 0).pixels, (Bytes{0, 0, 0, 10, 20, 30}));
  EXPECT_TRUE(fails_saying([&] { posterize(two, 9); }, {"posterize: 9 bits, expected 0 to 8"}));
  EXPECT_TRUE(fails_saying([] { equalize({2, 2, {1, 2, 3}}); }, {"equalize"}));
}

TEST(AutoAugment, ColorJitterIsThreeFactorsInAnyOrder) {
  Rng rng(1);
  std::map<int, double> first;
  for (int i = 0; i < 300; i++) {
    const std::vector<ImageChange> changes = draw_color_jitter(0.4, rng);
    ASSERT_EQ(changes.size(), 3u);
    for (const ImageChange& c : changes) EXPECT_LE(std::abs(c.magnitude), 0.4);
    first[static_cast<int>(changes[0].op)]++;
  }
  EXPECT_EQ(first.size(), 3u);
  for (const auto& [op, count] : first) EXPECT_NEAR(count, 100, 40) << op;
}

TEST(AutoAugment, DrawsEachChangeWithBothSigns) {
  Rng rng(1);
  std::map<int, double> times, negative;
  for (int i = 0; i < 2800; i++) {
    const ImageChange c = draw_trivial_augment(rng);
    times[static_cast<int>(c.op)]++;
    negative[static_cast<int>(c.op)] += c.magnitude < 0;
    EXPECT_EQ(draw_rand_augment(9, 32, 32, rng).size(), 2u);
  }
  for (int op = 0; op < image_op_count; op++) {
    EXPECT_NEAR(times[op], 200, 60) << op;
    EXPECT_NEAR(negative[op], has_sign(static_cast<ImageOp>(op)) ? 97 : 0, 45) << op;
  }
}

}  // namespace
}  // namespace excite
