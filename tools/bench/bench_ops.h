// excite bench --ops, first half: every way to compute a convolution, on the shapes of the models.
#pragma once

namespace excite {

// With `batch` images of 32x32; of larger ones an eighth as many, at least one.
void bench_ops(long batch);

}  // namespace excite
