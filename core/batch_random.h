// Random numbers for the images of a batch.
#pragma once
#include "core/random.h"
#include "core/tensor.h"

namespace excite {

// uniform() of tensor.h, where the first dimension is the images of a batch. If ranks share the
// batch (core/shared_batch.h), a rank draws the numbers of its own images, and those of the others
// are skipped. So the numbers of an image follow from its place in the whole batch.
Tensor uniform_of_batch(const Shape& shape, Rng& rng);

}  // namespace excite
