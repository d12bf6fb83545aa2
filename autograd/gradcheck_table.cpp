// The table of a gradient check: one line per derivative.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "autograd/gradcheck.h"
#include "core/check.h"

namespace excite {

namespace {

using Result = GradcheckRow::Result;

int rank(const GradcheckRow& row) {
  if (row.result == Result::wrong || row.result == Result::not_finite) return 0;
  return row.result == Result::kink ? 1 : 2;
}

// The indices of `limit` rows, in their order: failures first, then kinks, then large errors.
std::vector<std::size_t> most_telling(const std::vector<GradcheckRow>& rows, std::size_t limit) {
  std::vector<std::size_t> chosen(rows.size());
  std::iota(chosen.begin(), chosen.end(), 0);
  if (rows.size() <= limit) return chosen;
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t i, std::size_t j) {
    const GradcheckRow &a = rows[i], &b = rows[j];
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.error > b.error;
  });
  chosen.resize(limit);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::string mark(const GradcheckRow& row) {
  switch (row.result) {
    case Result::right: return "";
    case Result::wrong: return "  WRONG";
    case Result::kink: return "  skipped: a kink";
    case Result::not_finite: return "  " + row.note;
  }
  return "";
}

std::string padded(const std::string& word, std::size_t width) {
  return word + std::string(width - word.size() + 2, ' ');
}

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char line[200];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

}  // namespace

std::string GradcheckReport::table(long limit) const {
  if (rows.empty()) return "no derivative was compared\n";
  const std::vector<std::size_t> shown =
      most_telling(rows, static_cast<std::size_t>(std::max(limit, 0L)));
  std::size_t input = 0, element = 0;
  bool with_value = false;  // pairs and directions have none
  for (std::size_t i : shown) {
    input = std::max(input, rows[i].input.size());
    element = std::max(element, rows[i].element.size());
    with_value |= rows[i].x.has_value();
  }
  const auto value_column = [&](const std::string& word) {
    return with_value ? formatted("%10s", word.c_str()) : "";
  };
  std::string lines = padded("", input) + padded("", element) + value_column("value") +
                      formatted(" %17s %17s %11s %9s\n", columns[0].c_str(), columns[1].c_str(),
                                "difference", "error");
  std::vector<bool> is_shown(rows.size());
  for (std::size_t i : shown) {
    const GradcheckRow& row = rows[i];
    is_shown[i] = true;
    lines += padded(row.input, input) + padded(row.element, element) +
             value_column(row.x ? formatted("%.6g", *row.x) : "") +
             formatted(" %17.10g %17.10g %11.1e %9.1e", row.analytic, row.numeric,
                       row.analytic - row.numeric, row.error) +
             mark(row) + "\n";
  }
  long failed = 0;
  double largest = 0;
  for (std::size_t i = 0; i < rows.size(); i++) {
    if (is_shown[i]) continue;
    failed += rank(rows[i]) == 0;
    if (rows[i].result == Result::right) largest = std::max(largest, rows[i].error);
  }
  if (shown.size() < rows.size())
    lines += text(
        "and ", rows.size() - shown.size(), " more, ",
        failed ? text(failed, " of them wrong") : formatted("with errors of at most %.1e", largest),
        "\n");
  return lines;
}

}  // namespace excite
