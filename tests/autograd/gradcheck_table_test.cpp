// The table of a gradient check's report.
#include <gtest/gtest.h>

#ifdef EXCITE_DOUBLE

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "core/text.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using Inputs = std::vector<Var>;

// y = 2 a + b, where the gradient of the element `bad` of b is 3.
Var with_mistake(const Inputs& in, long bad) {
  return result("op", map([](real a, real b) { return 2 * a + b; }, in[0]->value, in[1]->value),
                {in[0], in[1]}, [=](Node& y) {
                  in[0].add_grad(map([](real dy) { return 2 * dy; }, y.grad));
                  Tensor db = y.grad.clone();
                  db[bad] = 3;
                  in[1].add_grad(std::move(db));
                });
}

GradcheckReport report_of_mistake() {
  Tensor a({2, 1}, {1, 2}), b({2, 1}, {real(0.25), -4});
  return check_gradient([](auto& in) { return with_mistake(in, 1); }, {std::move(a), std::move(b)});
}

TEST(GradcheckTable, HasALineForEachDerivativeWithBothValuesAndTheirDifference) {
  const GradcheckReport report = report_of_mistake();
  ASSERT_EQ(report.rows.size(), 4u);
  const std::vector<std::string> lines = split(report.table(), '\n');
  ASSERT_EQ(lines.size(), 5u + (lines.back().empty() ? 1 : 0));
  EXPECT_EQ(split(lines[0], ' ').back(), "error");
  for (const char* heading : {"value", "analytic", "numeric", "difference"})
    expect_contains(lines[0], heading);
  EXPECT_TRUE(lines[1].starts_with("input 0 [2, 1]  element [0, 0]           1 ")) << lines[1];
  EXPECT_TRUE(lines[3].starts_with("input 1 [2, 1]  element [0, 0]        0.25 ")) << lines[3];
  EXPECT_TRUE(lines[4].starts_with("input 1 [2, 1]  element [1, 0]          -4 ")) << lines[4];
  EXPECT_TRUE(lines[4].ends_with("  WRONG")) << lines[4];
  EXPECT_EQ(lines[3].find("WRONG"), std::string::npos);
  const GradcheckRow& wrong = report.rows[3];
  EXPECT_EQ(wrong.analytic, 3);
  expect_contains(lines[4], " 3 ");
  EXPECT_EQ(wrong.result, GradcheckRow::Result::wrong);
}

TEST(GradcheckTable, AgreesWithTheTotalsOfTheReport) {
  const GradcheckReport report = report_of_mistake();
  double worst = 0;
  for (const GradcheckRow& row : report.rows) worst = std::max(worst, row.error);
  EXPECT_EQ(report.worst, worst);
  EXPECT_EQ(report.checked, 4);
  EXPECT_EQ(report.worst_at, report.rows[3].input + ", " + report.rows[3].element);
}

TEST(GradcheckTable, OfManyRowsShowsThoseThatFailAndTheLargestErrors) {
  Rng rng(0);
  const GradcheckReport report = check_gradient([](auto& in) { return with_mistake(in, 70); },
                                                {normal({80}, rng), normal({80}, rng)});
  const std::vector<std::string> lines = split(report.table(5), '\n');
  ASSERT_GE(lines.size(), 7u);
  EXPECT_TRUE(lines[5].starts_with("input 1 [80]  element [70] ")) << lines[5];
  EXPECT_TRUE(lines[5].ends_with("WRONG"));
  EXPECT_TRUE(lines[6].starts_with("and 155 more, with errors of at most ")) << lines[6];
  double smallest_shown = 1, largest_left_out = 0;
  for (const GradcheckRow& row : report.rows) {
    const bool shown =
        report.table(5).find(row.input + "  " + row.element + " ") != std::string::npos;
    (shown ? smallest_shown : largest_left_out) =
        shown ? std::min(smallest_shown, row.error) : std::max(largest_left_out, row.error);
  }
  EXPECT_GE(smallest_shown, largest_left_out);
  expect_contains(report.table(0), "and 160 more, 1 of them wrong\n");
  EXPECT_EQ(report.table(160).find(" more"), std::string::npos);
  expect_contains(report.table(), "and 120 more, ");  // 40 rows
}

TEST(GradcheckTable, MarksKinksAndTheBorderOfTheDomain) {
  Tensor x({3}, {1, 0, 2});
  expect_contains(check_gradient([](auto& in) { return relu(in[0]); }, {x.clone()}).table(),
                  "  skipped: a kink\n");
  expect_contains(check_gradient([](auto& in) { return sqrt(in[0]); }, {x.clone()}).table(),
                  "  f is not finite (nan) at 0 - 6e-06\n");
}

TEST(GradcheckTable, HasARowForEachDirectionOfAModel) {
  Rng rng(0);
  const Var w = parameter(normal({3}, rng));
  const auto report =
      check_model_gradient([&] { return sum(exp(w)); }, {{"w", w}}, {.directions = 2});
  ASSERT_EQ(report.rows.size(), 5u);
  EXPECT_EQ(report.rows[4].input, "direction 1");
  EXPECT_FALSE(report.rows[4].x);
  expect_contains(report.table(), " value ");
  expect_contains(report.table(), "\ndirection 1  ");
}

TEST(GradcheckTable, SaysIfNothingWasCompared) {
  EXPECT_EQ(check_gradient([](auto&) { return Var(); }, {zeros({2})}).table(),
            "no derivative was compared\n");
}

}  // namespace
}  // namespace excite
#endif
