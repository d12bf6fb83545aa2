#include "tools/study/results.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/text.h"
#include "tools/data/csv.h"

namespace excite {

namespace {

using Rows = std::vector<std::vector<std::string>>;

// The fields of each line; all lines have the same number of them.
Rows read_rows(const std::string& path, std::size_t min_columns, const char* columns) {
  constexpr long max_bytes = 16l << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  Rows rows;
  for (const std::string& line : split(std::string(bytes.begin(), bytes.end()), '\n')) {
    rows.push_back(csv_fields(line));
    const std::size_t found = rows.back().size(), expected = rows[0].size();
    require<FileError>(found >= min_columns && found == expected, path, ": line ", rows.size(),
                       " has ", found, " columns, expected ", std::max(expected, min_columns),
                       ", beginning with ", columns);
  }
  require<FileError>(rows.size() > 1, path, ": it has no rows below the names of its columns");
  return rows;
}

auto find_arm(auto& arms, const std::string& name) {
  return std::find_if(arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == name; });
}

}  // namespace

ResultTable read_results(const std::string& path) {
  const Rows rows = read_rows(path, 3, "arm, seed, accuracy");
  ResultTable table{rows[0][2], {}};
  for (std::size_t i = 1; i < rows.size(); i++) {
    const std::string &name = rows[i][0], place = text(path, ": line ", i + 1, ": ");
    const std::optional<long> seed = parse_number<long>(rows[i][1]);
    const std::optional<double> value = parse_number<double>(rows[i][2]);
    require<FileError>(seed && value && *value >= 0 && *value <= 1, place, "seed '", rows[i][1],
                       "', ", table.quantity, " '", rows[i][2],
                       "', expected a whole number and a fraction from 0 to 1");
    auto arm = find_arm(table.arms, name);
    if (arm == table.arms.end()) arm = table.arms.insert(arm, Arm{name, {}, {}});
    require<FileError>(!std::count(arm->seeds.begin(), arm->seeds.end(), *seed), place,
                       "a second run of ", name, " with the seed ", *seed);
    arm->seeds.push_back(*seed), arm->values.push_back(*value);
  }
  return table;
}

std::vector<Hypothesis> read_hypotheses(const std::string& path) {
  const Rows rows = read_rows(path, 5, "role, arm, relation, reference, margin");
  std::vector<Hypothesis> all;
  for (std::size_t i = 1; i < rows.size(); i++) {
    const std::vector<std::string>& row = rows[i];
    const bool about_equality = row[2] == "~";
    const std::optional<double> margin = parse_number<double>(row[4]);
    require<FileError>((row[0] == "primary" || row[0] == "secondary") &&
                           (row[2] == ">" || row[2] == "<" || about_equality) &&
                           about_equality == (margin && *margin > 0),
                       path, ": line ", i + 1,
                       ": expected primary or secondary, an arm, >, < or ~,",
                       " another arm, and with ~ a margin above 0");
    all.push_back({row[0] == "primary", row[1], row[2][0], row[3], margin.value_or(0)});
  }
  return all;
}

namespace {

std::string word_of(const Hypothesis& h, const Decision& d) {
  const double low = d.difference.mean - d.difference.half_width,
               high = d.difference.mean + d.difference.half_width;
  if (h.relation == '~') {
    if (low >= -h.margin && high <= h.margin) return "supported";
    return low > h.margin || high < -h.margin ? "contradicted" : "open";
  }
  if (d.p >= 0.05) return "open";
  return (d.difference.mean > 0) == (h.relation == '>') ? "supported" : "contradicted";
}

}  // namespace

std::vector<Decision> decide(const std::vector<Hypothesis>& hypotheses,
                             const std::vector<Arm>& arms) {
  std::vector<Decision> decisions(hypotheses.size());
  std::vector<std::size_t> adjusted;  // the secondary hypotheses with a sign
  std::vector<double> p;
  for (std::size_t i = 0; i < hypotheses.size(); i++) {
    const Hypothesis& h = hypotheses[i];
    const auto arm = find_arm(arms, h.arm), reference = find_arm(arms, h.reference);
    const bool has_runs = arm != arms.end() && reference != arms.end();
    if (has_runs) {
      decisions[i].difference = estimate_difference(reference->values, arm->values);
      decisions[i].p = p_of_difference(reference->values, arm->values);
    } else {
      decisions[i].word = "missing";
    }
    if (h.is_primary || h.relation == '~') continue;
    adjusted.push_back(i);
    p.push_back(decisions[i].p);
  }
  p = adjust_holm(p);
  for (std::size_t k = 0; k < p.size(); k++) decisions[adjusted[k]].p = p[k];
  for (std::size_t i = 0; i < hypotheses.size(); i++)
    if (decisions[i].word.empty()) decisions[i].word = word_of(hypotheses[i], decisions[i]);
  return decisions;
}

}  // namespace excite
