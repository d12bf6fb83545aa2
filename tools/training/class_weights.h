// Weights of the classes in the loss, for data sets in which some classes are rare.
#pragma once
#include <string>

#include "core/tensor.h"
#include "tools/data/dataset.h"

namespace excite {

// `weights` is none, auto, or one number per class, such as 1,2.5,1. Returns them as [classes], or
// an empty tensor for none. auto: w[c] = N / (K n[c]), where n[c] of the N images are of class c
// and K classes have images, so that all of these count the same; 0 for a class without images.
// UsageError if the number of weights is not that of the classes, or one is negative.
Tensor class_weights(const std::string& weights, const Dataset& dataset);

}  // namespace excite
