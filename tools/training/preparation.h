// What follows from a recipe and the images before the first step.
#pragma once
#include "models/model.h"
#include "tools/data/dataset.h"
#include "tools/data/normalization.h"
#include "tools/training/recipe.h"

namespace excite {

// The recipe with the values that depend on the model and the images. The image size is that of
// images in memory; for image files it is the model's. Files of another size are augmented by a
// random resized crop. For images that have the right size already, resizing would only blur them.
// UsageError if the images are too small for the model or for an augmentation.
Recipe completed(Recipe recipe, const Model& model, const Dataset& dataset);

// With the validation set of the recipe, and of each set the first images if there is a limit.
DataSplit images_of(DataSplit data, const Recipe& recipe);

// That of the recipe, or else measured: then files that turn out to be broken are left out.
Normalization normalization_of(const Recipe& recipe, Dataset& train);

}  // namespace excite
