// Data parallel training in which each rank normalizes its own images alone (--batch-norm local),
// as most frameworks do it. The gradients of the ranks are added at the end of a step.
#pragma once
#include <vector>

#include "core/ranks.h"
#include "core/tensor.h"
#include "layers/module.h"
#include "layers/parameters.h"
#include "tools/training/recipe.h"

namespace excite {

// UsageError if the recipe has batch norm of each rank's own images, on another number of ranks.
void require_ranks_of(const Recipe& recipe, long ranks);

// Each gradient becomes the sum of those of all ranks, added in the order of the ranks. Collective,
// by two calls for each megabyte.
void add_gradients_of_ranks(Ranks& ranks, const std::vector<Parameter>& parameters);

// Running statistics become the mean of those of all ranks; what all ranks have alike keeps its
// bits. Collective, by one call.
void average_running_statistics(Ranks& ranks, const Module& module);

}  // namespace excite
