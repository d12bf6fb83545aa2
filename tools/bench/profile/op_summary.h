// Sums the records of several steps by operation, and prints the sums as a table or as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/bench/limits.h"
#include "tools/bench/profile/record.h"

namespace excite {

// One operation in one pass. All numbers are per step.
struct OpSummary {
  std::string op;
  Pass pass;
  long calls = 0;
  double seconds = 0;
  Work work;
};

// Means over `steps` steps, the slowest operation first.
std::vector<OpSummary> summarize(const std::vector<Record>& records, long steps);
double total_seconds(const std::vector<OpSummary>& ops);

void print_op_table(const std::vector<OpSummary>& ops, const Limits& limits);

// The JSON fields of a summary, and of a single record in a trace: share of the step's time, and
// where work was counted also flops, bytes, both per second, and the share of the limit.
nlohmann::ordered_json rates(const Work& work, double seconds, double step_seconds,
                             const Limits& limits);
nlohmann::ordered_json to_json(const std::vector<OpSummary>& ops, const Limits& limits);

}  // namespace excite
