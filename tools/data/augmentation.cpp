#include "tools/data/augmentation.h"

#include <cmath>
#include <map>
#include <vector>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// The number in "crop=2", from 1 to 64.
long shift_of(const std::string& word, const std::string& number) {
  const auto n = parse_number<long>(number);
  require<UsageError>(
      n && *n >= 1 && *n <= 64, "augmentation '", word,
      "': expected a whole number from 1 to 64 after =, the largest shift in pixels");
  return *n;
}

// A rectangle of an area and an aspect ratio that are drawn anew until it fits, ten times at most.
void draw_erased(long height, long width, RandomTransform& t, Rng& rng) {
  if (rng.below(2) == 0) return;
  for (int i = 0; i < 10; i++) {
    const double area = (0.02 + 0.31 * rng.uniform()) * static_cast<double>(height * width);
    const double low = std::log(0.3), high = std::log(3.3);
    const double aspect = std::exp(low + (high - low) * rng.uniform());
    const long h = std::lround(std::sqrt(area * aspect)), w = std::lround(std::sqrt(area / aspect));
    if (h < 1 || w < 1 || h >= height || w >= width) continue;
    t.erased_height = h, t.erased_width = w;
    t.erased_top = rng.below(height - h + 1), t.erased_left = rng.below(width - w + 1);
    return;
  }
}

}  // namespace

Augmentation parse_augmentation(const std::string& text) {
  Augmentation a;
  const std::map<std::string, bool*> flags{{"resized-crop", &a.resized_crop},
                                           {"crop", &a.crop},
                                           {"black-crop", &a.black_crop},
                                           {"flip", &a.flip},
                                           {"alternating-flip", &a.alternating_flip},
                                           {"cutout", &a.cutout},
                                           {"erase", &a.erase}};
  const std::vector<std::string> names{"none", "resized-crop",     "crop",   "black-crop",
                                       "flip", "alternating-flip", "cutout", "erase"};
  const std::string expected =
      "expected none, or a list of " + join({names.begin() + 1, names.end()}, ",");
  if (text == "none") return a;
  require<UsageError>(!text.empty(), "augmentation '': ", expected);
  for (const std::string& word : split(text, ',')) {
    require<UsageError>(word != "none", "augmentation '", text,
                        "': none cannot be combined with others; ", expected);
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto found = flags.find(name);
    const bool takes_number = name == "crop" || name == "black-crop";
    require<UsageError>(found != flags.end() && (equals == std::string::npos || takes_number),
                        "augmentation '", word, "': ", expected, suggestion(name, names));
    *found->second = true;
    if (equals != std::string::npos) a.max_shift = shift_of(word, word.substr(equals + 1));
  }
  require<UsageError>(
      !a.crop || !a.black_crop, "augmentation '", text,
      "': crop mirrors the edges and black-crop fills them with black, expected only one of them");
  require<UsageError>(!a.flip || !a.alternating_flip, "augmentation '", text,
                      "': expected only one of flip and alternating-flip");
  return a;
}

RandomTransform draw_transform(long height, long width, const Augmentation& a, Rng& rng) {
  RandomTransform t;
  t.black = a.black_crop;
  if (a.crop || a.black_crop) {
    t.down = rng.below(2 * a.max_shift + 1) - a.max_shift;
    t.right = rng.below(2 * a.max_shift + 1) - a.max_shift;
  }
  if (a.flip) t.flipped = rng.below(2) == 1;
  if (a.cutout) {
    require(height >= cutout_side && width >= cutout_side, "augmentation cutout: it erases ",
            cutout_side, " x ", cutout_side, " pixels, but an image has ", height, " x ", width,
            "; use larger images, or leave cutout out");
    t.cut_side = cutout_side;
    t.cut_top = rng.below(height - cutout_side + 1);
    t.cut_left = rng.below(width - cutout_side + 1);
  }
  if (a.erase) draw_erased(height, width, t, rng);
  return t;
}

}  // namespace excite
