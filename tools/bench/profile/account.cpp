#include "tools/bench/profile/account.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>
#include <utility>

namespace excite {

namespace {

double gflop(const Work& work) { return 1e-9 * static_cast<double>(work.flops); }
double gigabytes(const Work& work) { return 1e-9 * static_cast<double>(work.bytes); }
const char* name_of(Bound::By limit) {
  return limit == Bound::By::arithmetic ? "arithmetic" : "memory";
}

}  // namespace

std::vector<Account> accounts(const std::vector<Record>& records, long steps) {
  std::map<std::pair<std::string, Pass>, Account> sums;
  for (const Record& r : records) {
    Account& a = sums.try_emplace({r.op, r.pass}, Account{r.op, r.pass, 0, 0, {}}).first->second;
    a.calls++;
    a.seconds += r.seconds();
    a.work.flops += r.work.flops;
    a.work.bytes += r.work.bytes;
  }
  std::vector<Account> all;
  for (const auto& [key, a] : sums)
    all.push_back({a.op,
                   a.pass,
                   a.calls / steps,
                   a.seconds / static_cast<double>(steps),
                   {a.work.flops / steps, a.work.bytes / steps}});
  std::stable_sort(all.begin(), all.end(),
                   [](const Account& a, const Account& b) { return a.seconds > b.seconds; });
  return all;
}

double all_seconds(const std::vector<Account>& accounts) {
  return std::accumulate(accounts.begin(), accounts.end(), 0.0,
                         [](double sum, const Account& a) { return sum + a.seconds; });
}

void print_accounts(const std::vector<Account>& accounts, const Limits& limits) {
  const double all = all_seconds(accounts);
  std::printf("%-20s %-10s %6s %10s %9s %8s %9s   %s\n", "operation", "pass", "calls", "ms",
              "GFLOP/s", "GB/s", "of step", "of its limit");
  for (const Account& a : accounts) {
    std::printf("%-20s %-10s %6ld %10.3f", a.op.c_str(), name_of(a.pass), a.calls, 1e3 * a.seconds);
    if (a.work.bytes == 0) {
      std::printf(" %9s %8s %7.1f %%\n", "-", "-", 100 * a.seconds / all);
      continue;
    }
    const Bound b = bound(a.work, a.seconds, limits);
    std::printf(" %9.1f %8.1f %7.1f %%   %3.0f %% %s\n", gflop(a.work) / a.seconds,
                gigabytes(a.work) / a.seconds, 100 * a.seconds / all, 100 * b.share, name_of(b.by));
  }
  std::printf("%-20s %-10s %6s %10.3f\n", "all", "", "", 1e3 * all);
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

nlohmann::ordered_json to_json(const std::vector<Account>& accounts, const Limits& limits) {
  const double all = all_seconds(accounts);
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Account& a : accounts) {
    nlohmann::ordered_json row{{"operation", a.op},
                               {"pass", name_of(a.pass)},
                               {"calls", a.calls},
                               {"milliseconds", 1e3 * a.seconds}};
    row.update(rates(a.work, a.seconds, all, limits));
    rows.push_back(row);
  }
  return rows;
}

}  // namespace excite
