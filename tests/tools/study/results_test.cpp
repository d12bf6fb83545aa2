// Tables of results, and what is decided about hypotheses.
#include "tools/study/results.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/text.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"
#include "tools/commands/curves.h"
#include "tools/study/results_drawing.h"

namespace excite {
namespace {

// Accuracies 0.70, 0.72, 0.74 and so on.
Arm arm(const std::string& name, const std::vector<double>& values) {
  Arm made{name, {}, values};
  for (std::size_t i = 0; i < values.size(); i++) made.seeds.push_back(static_cast<long>(i) + 1);
  return made;
}

TEST(ResultTable, HasTheRunsOfEachArm) {
  const ScratchFolder folder;
  put(folder / "r.csv", "arm,seed,accuracy,loss\nb,1,0.5,x\n\"a,1\",1,0.25,\nb,2,0.75,diverged\n");
  const ResultTable table = read_results(folder / "r.csv");
  EXPECT_EQ(table.quantity, "accuracy");
  ASSERT_EQ(table.arms.size(), 2u);
  EXPECT_EQ(table.arms[0].name, "b");
  EXPECT_EQ(table.arms[0].seeds, (std::vector<long>{1, 2}));
  EXPECT_EQ(table.arms[0].values, (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(table.arms[1].name, "a,1");
}

TEST(ResultTable, RefusesRowsThatAreNoResults) {
  const ScratchFolder folder;
  const auto error = [&](const std::string& rows) {
    put(folder / "r.csv", rows);
    return file_error([&] { read_results(folder / "r.csv"); });
  };
  expect_contains(error("arm,seed\na,1\n"), "line 1 has 2 columns, expected 3");
  expect_contains(error("arm,seed,accuracy\n"), "it has no rows");
  expect_contains(error("arm,seed,accuracy\na,1,0.5,6\n"), "line 2 has 4 columns, expected 3");
  expect_contains(error("arm,seed,accuracy\na,1,50\n"), "line 2: seed '1', accuracy '50'");
  expect_contains(error("arm,seed,accuracy\na,x,0.5\n"), "line 2: seed 'x'");
  expect_contains(error("arm,seed,accuracy\na,1,0.5\na,1,0.5\n"),
                  "line 3: a second run of a with the seed 1");
}

TEST(Hypotheses, AreReadOrRefused) {
  const ScratchFolder folder;
  const std::string header = "role,arm,relation,reference,margin\n";
  put(folder / "h.csv", header + "primary,a,>,b,\nsecondary,c,~,b,0.003\n");
  const std::vector<Hypothesis> all = read_hypotheses(folder / "h.csv");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all[0].is_primary && all[0].arm == "a" && all[0].reference == "b");
  EXPECT_TRUE(!all[1].is_primary && all[1].relation == '~' && all[1].margin == 0.003);
  for (const char* row :
       {"first,a,>,b,", "primary,a,=,b,", "primary,a,~,b,", "primary,a,>,b,0.1"}) {
    put(folder / "h.csv", header + row + "\n");
    expect_contains(file_error([&] { read_hypotheses(folder / "h.csv"); }),
                    "line 2: expected primary or secondary");
  }
}

// One row by hand. b - a is 5 points; the deviation of both is 2, so the variance of the difference
// is 4 / 3 + 4 / 3, t = 5 / sqrt(8 / 3) = 3.062 with 4 degrees of freedom, p = 0.0376, and the
// interval is 5 +- 2.776 * 1.633 = 0.47 to 9.53. Of two secondary hypotheses, the smaller p is
// doubled: 0.0752, which is open; as the primary one, it is supported.
TEST(Hypotheses, DecidedByHand) {
  const std::vector<Arm> arms{arm("a", {0.70, 0.72, 0.74}), arm("b", {0.75, 0.77, 0.79}),
                              arm("c", {0.71, 0.72, 0.73})};
  const auto words = [&](const std::vector<Hypothesis>& all) {
    std::vector<std::string> found;
    for (const Decision& d : decide(all, arms)) found.push_back(d.word);
    return found;
  };
  using Words = std::vector<std::string>;
  const Hypothesis larger{false, "b", '>', "a"}, other{false, "c", '>', "a"};
  const std::vector<Decision> two = decide({larger, other}, arms);
  EXPECT_NEAR(two[0].difference.mean, 0.05, 1e-12);
  EXPECT_NEAR(two[0].difference.half_width, 0.0453, 5e-5);
  EXPECT_NEAR(two[0].p, 0.0752, 2e-4);
  EXPECT_NEAR(two[1].p, 1, 1e-9);
  EXPECT_EQ(words({larger, other}), (Words{"open", "open"}));
  EXPECT_EQ(words({{true, "b", '>', "a"}, other}), (Words{"supported", "open"}));
  EXPECT_EQ(words({{true, "b", '<', "a"}}), (Words{"contradicted"}));
  EXPECT_EQ(words({{true, "d", '<', "a"}}), (Words{"missing"}));
  // An equality has no p-value to adjust. c - a is 0 with an interval of 3.9 points.
  EXPECT_EQ(words({larger, {false, "c", '~', "a", 0.05}}), (Words{"supported", "supported"}));
  EXPECT_EQ(words({{false, "c", '~', "a", 0.03}}), (Words{"open"}));
  EXPECT_EQ(words({{false, "b", '~', "a", 0.004}}), (Words{"contradicted"}));
}

// The table of the chapter: t and t 0.2 sqrt(2 / n).
TEST(Study, HalfWidthsOfTheChapterAreRight) {
  const std::vector<std::array<double, 3>> columns{
      {2, 4.303, 0.86}, {3, 2.776, 0.45}, {5, 2.306, 0.29}, {12, 2.074, 0.17}, {20, 2.024, 0.13}};
  for (const auto& [n, t, points] : columns) {
    EXPECT_NEAR(student_t95(2 * n - 2), t, 5e-4);
    EXPECT_NEAR(student_t95(2 * n - 2) * 0.2 * std::sqrt(2 / n), points, 5e-3);
  }
}

// Every arm is a model that can be made, and every hypothesis is about arms of the plan.
TEST(Study, ThePlansArmsAndHypothesesFitTogether) {
  std::set<std::string> arms;
  const std::vector<std::string> rows = split(get("tools/study/arms.csv"), '\n');
  for (std::size_t i = 1; i < rows.size(); i++) {
    const std::size_t model = rows[i].find(',', rows[i].find(',') + 1) + 1,
                      options = rows[i].find(',', model) + 1;
    const Settings settings = parse_settings(rows[i].substr(options));
    Rng rng = Rng::silent();
    make_model(rows[i].substr(model, options - 1 - model), settings, 10, rng);
    arms.insert(rows[i].substr(0, rows[i].find(',')));
  }
  EXPECT_EQ(arms.size(), 9u);
  for (const Hypothesis& h : read_hypotheses("tools/study/hypotheses.csv"))
    EXPECT_TRUE(arms.contains(h.arm) && arms.contains(h.reference)) << h.arm;
  EXPECT_EQ(read_hypotheses("tools/study/gates_hypotheses.csv").size(), 3u);
}

TEST(ResultsDrawing, HasADotPerRunAndEscapesNames) {
  const std::string svg = draw_results({arm("a<b", {0.5, 0.75}), arm("c", {0.6})}, "acc&").xml();
  std::size_t dots = 0;
  for (std::size_t at = svg.find("<circle"); at != std::string::npos;
       at = svg.find("<circle", at + 1))
    dots++;
  EXPECT_EQ(dots, 3u);
  expect_contains(svg, ">a&lt;b</text>");
  expect_contains(svg, ">acc&amp;</text>");
}

TEST(CompareCommand, DecidesTheHypothesesOfATable) {
  const ScratchFolder folder;
  put(folder / "r.csv",
      "arm,seed,accuracy\na,1,0.70\na,2,0.72\na,3,0.74\nb,1,0.75\nb,2,0.77\nb,3,0.79\n");
  put(folder / "h.csv",
      "role,arm,relation,reference,margin\nprimary,b,>,a,\nsecondary,x,<,a,\n"
      "secondary,b,~,a,0.004\n");
  std::vector<std::string> words{"compare",        folder / "r.csv", "--hypotheses",
                                 folder / "h.csv", "--svg",          folder / "r.svg"};
  const Ending ended = excite_program(words);
  ASSERT_EQ(ended.code, 0) << ended.err;
  for (const char* line :
       {"accuracy, in percent, over the seeds of each group\n",
        "    2     3   77.00       2.00  72.03 to 81.97  b\n",
        "b > a (primary)                                    +5.00  +0.47 to +9.53   0.0376  "
        "supported\n",
        "x < a                                                  -  -                     -  "
        "missing\n",
        "b ~ a within 0.40                                  +5.00  +0.47 to +9.53   0.0376  "
        "contradicted\n"})
    expect_contains(ended.out, line);
  expect_contains(get(folder / "r.svg"), "<svg");
  words = {"compare", folder / "r.csv", "--hypotheses", folder / "h.csv", "--json"};
  const nlohmann::json json = nlohmann::json::parse(excite_program(words).out);
  EXPECT_EQ(json["hypotheses"][0]["decision"], "supported");
  EXPECT_EQ(json["groups"][1]["runs"][2]["seed"], 3);
  expect_failure(excite_program({"compare", folder / "r.csv", "--svg", folder / "r.png"}), 2,
                 {".svg"});
}

}  // namespace
}  // namespace excite
