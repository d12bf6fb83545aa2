// Finds where a training run diverged: the first operation with a value or gradient that is not
// finite.
#pragma once
#include <string>

#include "autograd/var.h"
#include "models/model.h"
#include "tools/data/dataset.h"
#include "tools/data/normalization.h"
#include "tools/data/resize_crop.h"

namespace excite {

// The first value in the graph of y that is not finite, for example "the value of batch_norm in
// layer1.0.bn1 [128, 32, 32, 16]"; "" if all are finite.
std::string find_non_finite_value(const Var& y);

// Walks the graph of `loss` forward. If all values are finite, runs backward too, after which the
// graph is released. Returns the first value, or for example "the gradient of sqrt in fc with
// respect to ...", and "" if everything is finite.
std::string find_non_finite(const Var& loss);

// The same of an evaluation of these images, up to the first batch of which a result is not finite.
std::string find_non_finite_in_evaluation(const Model& model, const Dataset& set, long batch,
                                          const ResizeCrop& resize_crop,
                                          const Normalization& normalization);

}  // namespace excite
