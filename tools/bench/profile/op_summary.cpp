#include "tools/bench/profile/op_summary.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

namespace excite {

namespace {

double gflop(const Work& work) { return 1e-9 * static_cast<double>(work.flops); }
double gigabytes(const Work& work) { return 1e-9 * static_cast<double>(work.bytes); }
const char* name_of(Bound::By by) { return by == Bound::By::arithmetic ? "arithmetic" : "memory"; }

}  // namespace

std::vector<OpSummary> summarize(const std::vector<Record>& records, long steps) {
  std::map<std::pair<std::string, Pass>, OpSummary> sums;
  for (const Record& r : records) {
    OpSummary& sum =
        sums.try_emplace({r.op, r.pass}, OpSummary{r.op, r.pass, 0, 0, {}}).first->second;
    sum.calls++;
    sum.seconds += r.seconds();
    sum.work.flops += r.work.flops;
    sum.work.bytes += r.work.bytes;
  }
  std::vector<OpSummary> means;
  for (const auto& [key, sum] : sums)
    means.push_back({sum.op,
                     sum.pass,
                     sum.calls / steps,
                     sum.seconds / static_cast<double>(steps),
                     {sum.work.flops / steps, sum.work.bytes / steps}});
  std::stable_sort(means.begin(), means.end(),
                   [](const OpSummary& a, const OpSummary& b) { return a.seconds > b.seconds; });
  return means;
}

double total_seconds(const std::vector<OpSummary>& ops) {
  return std::accumulate(ops.begin(), ops.end(), 0.0,
                         [](double sum, const OpSummary& o) { return sum + o.seconds; });
}

void print_op_table(const std::vector<OpSummary>& ops, const Limits& limits) {
  const double total = total_seconds(ops);
  std::printf("%-22s %-10s %6s %10s %9s %8s %9s   %s\n", "operation", "pass", "calls", "ms",
              "GFLOP/s", "GB/s", "of step", "of its limit");
  for (const OpSummary& o : ops) {
    std::printf("%-22s %-10s %6ld %10.3f", o.op.c_str(), name_of(o.pass), o.calls, 1e3 * o.seconds);
    if (o.work.bytes == 0) {
      std::printf(" %9s %8s %7.1f %%\n", "-", "-", 100 * o.seconds / total);
      continue;
    }
    const Bound b = bound(o.work, o.seconds, limits);
    std::printf(" %9.1f %8.1f %7.1f %%   %3.0f %% %s\n", gflop(o.work) / o.seconds,
                gigabytes(o.work) / o.seconds, 100 * o.seconds / total, 100 * b.share,
                name_of(b.by));
  }
  std::printf("%-22s %-10s %6s %10.3f\n", "all", "", "", 1e3 * total);
}

nlohmann::ordered_json rates(const Work& work, double seconds, double step_seconds,
                             const Limits& limits) {
  nlohmann::ordered_json json{{"share_of_step", seconds / step_seconds}};
  if (work.bytes == 0) return json;
  const Bound b = bound(work, seconds, limits);
  json.update({{"gflop", gflop(work)},
               {"gflop_per_second", gflop(work) / seconds},
               {"bytes", work.bytes},
               {"gb_per_second", gigabytes(work) / seconds},
               {"limit", name_of(b.by)},
               {"share_of_limit", b.share}});
  return json;
}

nlohmann::ordered_json to_json(const std::vector<OpSummary>& ops, const Limits& limits) {
  const double total = total_seconds(ops);
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const OpSummary& o : ops) {
    nlohmann::ordered_json row{{"operation", o.op},
                               {"pass", name_of(o.pass)},
                               {"calls", o.calls},
                               {"milliseconds", 1e3 * o.seconds}};
    row.update(rates(o.work, o.seconds, total, limits));
    rows.push_back(row);
  }
  return rows;
}

}  // namespace excite
