// The second half of `excite bench --ops`: every fused operation against the plain operations that
// it replaces.
#pragma once

namespace excite {

// Prints milliseconds for `batch` images, on the shapes of SE-ResNet-20's three stages.
void bench_fused(long batch);

}  // namespace excite
