#include "tools/data/augmentation.h"

#include <map>
#include <vector>

#include "core/check.h"
#include "core/text.h"

namespace excite {

Augmentation parse_augmentation(const std::string& text) {
  Augmentation a;
  const std::map<std::string, bool*> flags{{"resized-crop", &a.resized_crop},
                                           {"crop", &a.crop},
                                           {"black-crop", &a.black_crop},
                                           {"flip", &a.flip},
                                           {"cutout", &a.cutout}};
  const std::string expected =
      "expected none, or a list of resized-crop,crop,black-crop,flip,cutout";
  if (text == "none") return a;
  require<UsageError>(!text.empty(), "augmentation '': ", expected);
  for (const std::string& word : split(text, ',')) {
    require<UsageError>(word != "none", "augmentation '", text,
                        "': none cannot be combined with others; ", expected);
    const auto found = flags.find(word);
    require<UsageError>(
        found != flags.end(), "augmentation '", word, "': ", expected,
        suggestion(word, {"none", "resized-crop", "crop", "black-crop", "flip", "cutout"}));
    *found->second = true;
  }
  require<UsageError>(
      !a.crop || !a.black_crop, "augmentation '", text,
      "': crop mirrors the edges and black-crop fills them with black, expected only one of them");
  return a;
}

RandomTransform draw_transform(long height, long width, const Augmentation& a, Rng& rng) {
  constexpr long max_shift = 4;
  RandomTransform t;
  t.black = a.black_crop;
  if (a.crop || a.black_crop) {
    t.down = rng.below(2 * max_shift + 1) - max_shift;
    t.right = rng.below(2 * max_shift + 1) - max_shift;
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
  return t;
}

}  // namespace excite
