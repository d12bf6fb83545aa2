// excite bench --ops: every way to compute a convolution, on the shapes of the models.
#pragma once

namespace excite {

int bench_ops();  // on all of threads()

}  // namespace excite
