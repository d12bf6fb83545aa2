#include "tools/data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// The number in "crop=2".
template <class Number>
Number number_of(const std::string& word, const std::string& number, Number least, Number most,
                 const char* meaning) {
  const auto n = parse_number<Number>(number);
  require<UsageError>(n && *n >= least && *n <= most, "augmentation '", word, "': expected a ",
                      std::is_integral_v<Number> ? "whole " : "", "number from ", least, " to ",
                      most, " after =, ", meaning);
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
  const std::vector<std::pair<std::string, bool*>> flags{{"resized-crop", &a.resized_crop},
                                                         {"crop", &a.crop},
                                                         {"black-crop", &a.black_crop},
                                                         {"flip", &a.flip},
                                                         {"alternating-flip", &a.alternating_flip},
                                                         {"cutout", &a.cutout},
                                                         {"erase", &a.erase},
                                                         {"rand-augment", &a.rand_augment},
                                                         {"trivial-augment", &a.trivial_augment},
                                                         {"color-jitter", &a.color_jitter}};
  std::vector<std::string> names{"none"};
  for (const auto& [name, flag] : flags) names.push_back(name);
  const std::string expected =
      "expected none, or a list of " + join({names.begin() + 1, names.end()}, ",");
  if (text == "none") return a;
  require<UsageError>(!text.empty(), "augmentation '': ", expected);
  for (const std::string& word : split(text, ',')) {
    require<UsageError>(word != "none", "augmentation '", text,
                        "': none cannot be combined with others; ", expected);
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto found = std::ranges::find(flags, name, [](const auto& flag) { return flag.first; });
    const bool takes_number =
        name == "crop" || name == "black-crop" || name == "rand-augment" || name == "color-jitter";
    require<UsageError>(found != flags.end() && (equals == std::string::npos || takes_number),
                        "augmentation '", word, "': ", expected, suggestion(name, names));
    *found->second = true;
    if (equals == std::string::npos) continue;
    const std::string number = word.substr(equals + 1);
    if (name == "rand-augment")
      a.magnitude = number_of(word, number, 0l, magnitude_bins - 1, "the magnitude");
    else if (name == "color-jitter")
      a.jitter = number_of(word, number, 0.01, 1.0, "the largest change of a factor");
    else
      a.max_shift = number_of(word, number, 1l, 64l, "the largest shift in pixels");
  }
  require<UsageError>(
      !a.crop || !a.black_crop, "augmentation '", text,
      "': crop mirrors the edges and black-crop fills them with black, expected only one of them");
  require<UsageError>(!a.flip || !a.alternating_flip, "augmentation '", text,
                      "': expected only one of flip and alternating-flip");
  require<UsageError>(!a.rand_augment || !a.trivial_augment, "augmentation '", text,
                      "': expected only one of rand-augment and trivial-augment");
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

std::vector<ImageChange> draw_changes(long height, long width, const Augmentation& a, Rng& rng) {
  std::vector<ImageChange> changes;
  if (a.rand_augment) changes = draw_rand_augment(a.magnitude, height, width, rng);
  if (a.trivial_augment) changes.push_back(draw_trivial_augment(rng));
  if (a.color_jitter)
    std::ranges::copy(draw_color_jitter(a.jitter, rng), std::back_inserter(changes));
  return changes;
}

}  // namespace excite
