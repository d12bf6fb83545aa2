#include "tools/commands/preprocessing_options.h"

#include <algorithm>

#include "core/check.h"
#include "core/images/image.h"
#include "tools/commands/number_options.h"
#include "tools/training/ensemble.h"

namespace excite {

void add_preprocessing_options(const Command& c, PreprocessingOptions& o) {
  c.add_option("--mean", o.mean,
               "With --std: the mean of R, G and B, of pixels from 0 to 1 [that of the weights, or "
               "ImageNet's]")
      .type_name("LIST");
  c.add_option("--std", o.deviation, "With --mean: the deviation of R, G and B").type_name("LIST");
  c.add_option(
       "--resize-short", o.short_side,
       "Pixels to which the short side of an image is resized [that of the weights; 256 for "
       "--crop 224, and in proportion]")
      .whole_number(1, max_image_side);
  c.add_option("--crop", o.side,
               "Side in pixels of the square in the center that the model sees [that of the "
               "weights]")
      .whole_number(1, max_image_side);
}

std::vector<double> three_numbers(const std::string& option, const std::string& list) {
  std::vector<double> numbers =
      numbers_of_list(option, list, "three numbers, of R, G and B, such as 0.485,0.456,0.406");
  require<UsageError>(numbers.size() == 3, option, " ", list, ": ", numbers.size(),
                      " numbers, expected three, of R, G and B");
  return numbers;
}

void override_preprocessing(TrainedModel& trained, const PreprocessingOptions& o) {
  Preprocessing& p = trained.preprocessing;
  require<UsageError>(o.mean.has_value() == o.deviation.has_value(),
                      "--mean and --std are given together, or not at all");
  if (o.mean) {
    std::ranges::copy(three_numbers("--mean", *o.mean), p.mean.begin());
    std::ranges::copy(three_numbers("--std", *o.deviation), p.deviation.begin());
    normalization_table({p.mean, p.deviation});  // throws unless they can be used
  }
  if (!o.side && !o.short_side) return;
  if (o.side) p.image_size = *o.side, p.short_side = 0;
  p.short_side = o.short_side.value_or(p.short_side);
  const ResizeCrop chosen = resize_crop_of(trained, resize);
  p.image_size = chosen.side, p.short_side = chosen.short_side;
  const long least = trained.model.min_image_size;
  require<UsageError>(p.image_size >= least, "--crop ", p.image_size, ": ", trained.model.name,
                      " needs at least ", least, " pixels");
  require<UsageError>(p.short_side >= p.image_size, "--resize-short ", p.short_side,
                      ": expected at least the side of the crop, ", p.image_size, " pixels");
}

}  // namespace excite
