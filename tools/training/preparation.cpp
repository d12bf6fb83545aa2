#include "tools/training/preparation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.h"
#include "tools/data/augmentation.h"
#include "tools/data/validation_split.h"

namespace excite {

Recipe completed(Recipe recipe, const Model& model, const Dataset& dataset) {
  recipe.model = model.name;
  recipe.options = model.options;
  recipe.batch = std::min(recipe.batch, dataset.count());
  if (recipe.image_size == 0)
    recipe.image_size = dataset.in_files() ? model.image_size : dataset.height;
  const bool already_resized =
      dataset.height == recipe.image_size && dataset.width == recipe.image_size;
  if (recipe.augment.empty())
    recipe.augment = already_resized || !dataset.in_files() ? "crop,flip" : "resized-crop,flip";
  const bool cutout = parse_augmentation(recipe.augment).cutout;
  require<UsageError>(!cutout || recipe.image_size >= cutout_side,
                      "train: --augment cutout erases ", cutout_side, "x", cutout_side,
                      " pixels, but the images have ", recipe.image_size, "x", recipe.image_size,
                      "; use --augment crop,flip");
  require<UsageError>(recipe.image_size >= model.min_image_size, "train: images of ",
                      recipe.image_size, "x", recipe.image_size, " pixels are too small for ",
                      model.name, "; use --image-size ", model.min_image_size, " or more");
  require<UsageError>(recipe.short_side == 0 || recipe.short_side >= recipe.image_size,
                      "train: --resize-short ", recipe.short_side,
                      ": expected at least the side of the images that the model sees, ",
                      recipe.image_size, " pixels");
  return recipe;
}

DataSplit images_of(DataSplit data, const Recipe& recipe) {
  data = split_validation(std::move(data), recipe.validation);
  if (recipe.limit > 0)
    for (Dataset* set : {&data.train, &data.validation, &data.test})
      *set = keep_first(std::move(*set), recipe.limit);
  return data;
}

Normalization normalization_of(const Recipe& recipe, Dataset& train) {
  if (!recipe.mean.empty()) {
    Normalization given;
    std::copy_n(recipe.mean.begin(), 3, given.mean.begin());
    std::copy_n(recipe.deviation.begin(), 3, given.deviation.begin());
    return given;
  }
  std::vector<long> broken;
  const Normalization normalization = compute_normalization(train, broken);
  train = leave_out(std::move(train), broken);
  return normalization;
}

}  // namespace excite
