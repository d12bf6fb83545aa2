// excite bench --ops, second half: every operation that does the work of several, against the
// several.
#pragma once

namespace excite {

// With `batch` images, on the shapes of SE-ResNet-20's three stages.
void bench_fused(long batch);

}  // namespace excite
