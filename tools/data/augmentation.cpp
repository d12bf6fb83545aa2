#include "tools/data/augmentation.h"

#include <map>
#include <vector>

#include "core/check.h"
#include "core/text.h"

namespace excite {

Augmentation parse_augmentation(const std::string& words) {
  Augmentation a;
  const std::map<std::string, bool*> switches{{"resized-crop", &a.resized_crop},
                                              {"crop", &a.crop},
                                              {"black-crop", &a.black_crop},
                                              {"flip", &a.flip},
                                              {"cutout", &a.cutout}};
  const std::string expected = "expected none, or some of resized-crop,crop,black-crop,flip,cutout";
  if (words == "none") return a;
  require<UsageError>(!words.empty(), "augmentation '': ", expected);
  for (const std::string& word : split(words, ',')) {
    require<UsageError>(word != "none", "augmentation '", words, "': none stands alone; ",
                        expected);
    const auto found = switches.find(word);
    require<UsageError>(
        found != switches.end(), "augmentation '", word, "': ", expected, "; the nearest is ",
        nearest(word, {"none", "resized-crop", "crop", "black-crop", "flip", "cutout"}));
    *found->second = true;
  }
  require<UsageError>(
      !a.crop || !a.black_crop, "augmentation '", words,
      "': the edges are mirrored (crop) or black (black-crop), expected one of them");
  return a;
}

RandomTransform draw_transform(long height, long width, const Augmentation& a, Rng& rng) {
  constexpr long border = 4;
  RandomTransform p;
  p.black = a.black_crop;
  if (a.crop || a.black_crop)
    p.down = rng.below(2 * border + 1) - border, p.right = rng.below(2 * border + 1) - border;
  if (a.flip) p.flipped = rng.below(2) == 1;
  if (a.cutout)
    p.cut_side = cutout_side, p.cut_top = rng.below(height - cutout_side + 1),
    p.cut_left = rng.below(width - cutout_side + 1);
  return p;
}

}  // namespace excite
