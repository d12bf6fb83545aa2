// Ranks that train together have to run the same program with the same options on the same images.
#pragma once
#include "core/ranks.h"
#include "tools/data/load.h"
#include "tools/data/normalization.h"
#include "tools/training/config.h"

namespace excite {

// UsageError, with the name of the first rank that differs from rank 0, if its program, its
// configuration, or its images are others: their number, labels, pixels in memory or names of
// files, and their normalization. Collective; the error is the same on all ranks.
void require_equal_ranks(Ranks& ranks, const RunConfig& config, const DataSplit& data,
                         const Normalization& normalization);

// The configuration that rank 0 has read. Collective.
RunConfig config_of_first_rank(Ranks& ranks, const RunConfig& config);

}  // namespace excite
