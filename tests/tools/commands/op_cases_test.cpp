// Every case of autograd/op_cases passes the gradient check, and no operation is without a case.
#include "tools/commands/op_cases.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "autograd/gradcheck.h"

namespace excite {
namespace {

std::set<std::string> ops_of_the_catalogue() {
  const std::regex declaration("^(?:Var|ConvOutput) (\\w+)\\(.*");
  std::set<std::string> names;
  std::smatch match;
  for (const char* path : {"autograd/ops.h", "autograd/fused/fused_ops.h"}) {
    std::ifstream header(path);
    for (std::string line; std::getline(header, line);)
      if (std::regex_match(line, match, declaration)) names.insert(match[1]);
  }
  return names;
}

TEST(OpCases, CoverEveryOperationOfTheCatalogue) {
  std::set<std::string> covered;
  for (const OpCase& c : op_cases()) covered.insert(c.op);
  ASSERT_GE(ops_of_the_catalogue().size(), 29u) << "read from autograd/ops.h";
  for (const std::string& op : ops_of_the_catalogue())
    EXPECT_TRUE(covered.contains(op)) << op << " has no case in tools/commands/op_cases.cpp";
  covered.erase("composed");
  for (const std::string& op : covered)
    EXPECT_TRUE(ops_of_the_catalogue().contains(op)) << op << " is not in autograd/ops.h";
}

TEST(OpCases, HaveDifferentNames) {
  std::set<std::string> names;
  for (const OpCase& c : op_cases())
    EXPECT_TRUE(names.insert(c.op + " " + c.name).second)
        << c.op << ", " << c.name << " is there twice";
}

// A case counts for an operation only if it calls it, and gives the same numbers each time.
TEST(OpCases, CallTheOperationTheyAreNamedAfter) {
  const std::map<std::string, std::string> built_from_others{{"dropout", "mul"},
                                                             {"linear", "add_bias"},
                                                             {"mean", "scale"},
                                                             {"cross_entropy", "scale"},
                                                             {"conv2d_with_moments", "conv2d"}};
  for (const OpCase& c : op_cases()) {
    Rng rng(0);
    std::vector<Var> in = c.inputs(rng);
    for (const Var& x : in) x->requires_grad = true;
    const auto found = built_from_others.find(c.op);
    const std::string op = found == built_from_others.end() ? c.op : found->second;
    std::set<std::string> called;
    const Var y = c.f(in), again = c.f(in);
    for (const Var& node : graph(y)) called.insert(node->op);
    EXPECT_TRUE(c.op == "composed" || called.contains(op)) << c.op << ", " << c.name;
    EXPECT_TRUE(
        std::equal(y->value.begin(), y->value.end(), again->value.begin(), again->value.end()))
        << c.op << ", " << c.name;
  }
}

#ifdef EXCITE_DOUBLE

class OpCaseGradient : public testing::TestWithParam<OpCase> {};

TEST_P(OpCaseGradient, IsRight) {
  const OpCase& c = GetParam();
  Rng rng(0);
  GradcheckOptions options;
  options.zero_by_nature = c.zero;
  const GradcheckReport report = check_gradient(c.f, c.inputs(rng), options);
  EXPECT_TRUE(report.ok) << c.op << ", " << c.name << ": " << report;
}

std::string name_of(const testing::TestParamInfo<OpCase>& info) {
  std::string name = info.param.op + "_" + info.param.name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Op, OpCaseGradient, testing::ValuesIn(op_cases()), name_of);

#endif

}  // namespace

#ifdef EXCITE_DOUBLE
void PrintTo(const OpCase& c, std::ostream* out) { *out << c.op << ", " << c.name; }
#endif

}  // namespace excite
