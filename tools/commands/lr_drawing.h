// The losses of a sweep of learning rates as an SVG drawing.
#pragma once
#include "tools/commands/markup.h"
#include "tools/training/lr_sweep.h"

namespace excite {

// The losses as dots and the smoothed ones as a line, over the logarithm of the rate; the suggested
// rate, if there is one, as a vertical line. A sweep without points has no curve.
Markup draw_lr_sweep(const LrSweep& sweep, const LrSuggestion& suggestion);

}  // namespace excite
