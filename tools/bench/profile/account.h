// What the records of some steps come to, operation by operation: a table for people, JSON for
// programs.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/bench/limits.h"
#include "tools/bench/profile/watch.h"

namespace excite {

struct Account {
  std::string op;
  Pass pass;
  long calls = 0;  // of one step, as all here is
  double seconds = 0;
  Work work;
};

std::vector<Account> accounts(const std::vector<Record>& records,
                              long steps);  // what took longest first
double all_seconds(const std::vector<Account>& accounts);

void print_accounts(const std::vector<Account>& accounts, const Limits& limits);

// How much was done and how fast, its share of the step's seconds, and how much of which limit that
// is; of the latter nothing where no work was counted. The same for an account and for a single
// record of a trace.
nlohmann::ordered_json rates(const Work& work, double seconds, double step_seconds,
                             const Limits& limits);
nlohmann::ordered_json to_json(const std::vector<Account>& accounts, const Limits& limits);

}  // namespace excite
