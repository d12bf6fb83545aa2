// The report of a gradient check: its totals and its sentences.
#include <ostream>

#include "autograd/gradcheck_parts.h"
#include "core/check.h"

namespace excite {

namespace {

using Result = GradcheckRow::Result;

std::string where(const GradcheckRow& row) {
  return row.element.empty() ? row.input : row.input + ", " + row.element;
}

}  // namespace

GradcheckReport report_of(const std::function<void(GradcheckReport&)>& check) {
  GradcheckReport report;
  try {
    check(report);
  } catch (const std::exception& error) {
    add_message(report, error.what());
  }
  report.ok = report.message.empty();
  return report;
}

void add_message(GradcheckReport& report, const std::string& sentence) {
  report.message += (report.message.empty() ? "" : "\n") + sentence;
}

namespace {

void count(GradcheckReport& report, const GradcheckRow& row) {
  if (row.result == Result::kink) report.kinks++;
  if (row.result != Result::right && row.result != Result::wrong) return;
  report.checked++;
  if (report.worst_at.empty() || row.error > report.worst)
    report.worst = row.error, report.worst_at = where(row);
}

// The sentences for the rows of one input: [begin, end).
void conclude_input(GradcheckReport& report, std::size_t begin, std::size_t end, double tolerance) {
  const GradcheckRow *worst = nullptr, *outside = nullptr;
  long wrong = 0, not_finite = 0;
  for (std::size_t i = begin; i < end; i++) {
    const GradcheckRow& row = report.rows[i];
    count(report, row);
    if (row.result == Result::wrong && (wrong++ == 0 || row.error > worst->error)) worst = &row;
    if (row.result == Result::not_finite && not_finite++ == 0) outside = &row;
  }
  if (outside) {
    const std::string value = outside->x ? text(" = ", *outside->x) : "",
                      others = not_finite > 1 ? text(" (the first of ", not_finite, " such)") : "";
    add_message(report, where(*outside) + value + ": " + outside->note +
                            "; the input leaves the domain of the function; use inputs farther "
                            "from its border" +
                            others);
  }
  if (worst)
    add_message(report,
                text(where(*worst), ": ", report.columns[0], " ", worst->analytic, ", ",
                     report.columns[1], " ", worst->numeric, ", error ", worst->error,
                     ", tolerance ", tolerance, " (", wrong, " of ", end - begin, " wrong)"));
}

}  // namespace

void conclude_rows(GradcheckReport& report, std::size_t first, double tolerance) {
  for (std::size_t begin = first, end = first; begin < report.rows.size(); begin = end) {
    while (end < report.rows.size() && report.rows[end].input == report.rows[begin].input) end++;
    conclude_input(report, begin, end, tolerance);
  }
}

void limit_kinks(GradcheckReport& report, std::size_t first, const std::string& what) {
  const auto total = static_cast<long>(report.rows.size() - first);
  long kinks = 0;
  for (std::size_t i = first; i < report.rows.size(); i++)
    kinks += report.rows[i].result == Result::kink;
  if (100 * kinks > total)
    add_message(report,
                text(kinks, " of the ", total, " ", what,
                     " are at a kink, where there is no gradient to check, expected at most 1 %; "
                     "choose other points"));
}

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) {
  if (!report.ok) return out << "gradient check failed: " << report.message;
  out << "gradient check passed: " << report.checked << " derivatives, worst error " << report.worst
      << " at " << report.worst_at;
  if (report.kinks) out << ", " << report.kinks << " skipped at kinks";
  return out;
}

}  // namespace excite
