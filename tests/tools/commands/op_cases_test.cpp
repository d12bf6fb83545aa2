// Every operation has at least one case in op_cases.cpp, and every case passes the gradient check.
#include "tools/commands/op_cases.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "autograd/gradcheck.h"

namespace excite {
namespace {

std::set<std::string> declared_operations() {
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

TEST(OpCases, CoverEveryOperation) {
  std::set<std::string> covered;
  for (const OpCase& c : op_cases()) covered.insert(c.op);
  ASSERT_GE(declared_operations().size(), 42u) << "read from autograd/ops.h";
  for (const std::string& op : declared_operations())
    EXPECT_TRUE(covered.contains(op)) << op << " has no case in tools/commands/op_cases.cpp";
  covered.erase("composed");
  for (const std::string& op : covered)
    EXPECT_TRUE(declared_operations().contains(op)) << op << " is not in autograd/ops.h";
}

TEST(OpCases, HaveUniqueNames) {
  std::set<std::string> names;
  for (const OpCase& c : op_cases())
    EXPECT_TRUE(names.insert(c.op + " " + c.name).second)
        << c.op << ", " << c.name << " occurs twice";
}

// Some operations are composed of others: their graph contains only those.
TEST(OpCases, CallTheirOperationAndGiveTheSameValueEachTime) {
  const std::map<std::string, std::string> last_op_of{{"dropout", "mul"},
                                                      {"linear", "add_bias"},
                                                      {"mean", "scale"},
                                                      {"cross_entropy", "scale"},
                                                      {"conv2d_with_moments", "conv2d"}};
  for (const OpCase& c : op_cases()) {
    Rng rng(0);
    std::vector<Var> in = c.inputs(rng);
    for (const Var& x : in) x->requires_grad = true;
    const auto found = last_op_of.find(c.op);
    const std::string op = found == last_op_of.end() ? c.op : found->second;
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

TEST_P(OpCaseGradient, MatchesFiniteDifferences) {
  const OpCase& c = GetParam();
  Rng rng(0);
  GradcheckOptions options;
  options.zero_gradient = c.zero_gradient;
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
