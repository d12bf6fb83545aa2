#include "core/batch_random.h"

#include "core/shared_batch.h"

namespace excite {

Tensor uniform_of_batch(const Shape& shape, Rng& rng) {
  const SharedBatch* batch = SharedBatch::current();
  if (!batch) return uniform(shape, rng);
  batch->require_own(shape[0]);
  const long per_image = shape.size() / shape[0];
  rng.skip(batch->first_image() * per_image);
  Tensor own = uniform(shape, rng);
  rng.skip((batch->images() - batch->last_image()) * per_image);
  return own;
}

}  // namespace excite
