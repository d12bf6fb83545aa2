// The first half of `excite bench --ops`: every convolution algorithm on the shapes of the models.
#pragma once

namespace excite {

// Prints GFLOP/s of y, dx and dw. Takes `batch` images of 32x32; of larger images an eighth of
// that, at least one.
void bench_ops(long batch);

}  // namespace excite
