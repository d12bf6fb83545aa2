// Writes recorded steps as a file for chrome://tracing and Perfetto (ui.perfetto.dev), in Google's
// Trace Event Format.
#pragma once
#include <string>
#include <vector>

#include "tools/bench/limits.h"
#include "tools/bench/profile/record.h"

namespace excite {

// `records` are of whole steps, the first of which has the number `first`, counted from 0. Steps
// contain passes, and passes contain operations; each is a slice.
std::string trace_json(const std::vector<Record>& records, long first, const Limits& limits);

}  // namespace excite
