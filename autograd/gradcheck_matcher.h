// A GoogleTest matcher for gradient checks. It prints the report and its table by itself:
//
//   EXPECT_THAT(my_op, has_right_gradient({x, w}));
//
// The only header of this library that needs gmock (Debian: libgmock-dev). No other includes it.
#pragma once
#include <gmock/gmock.h>

#include <ostream>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/gradcheck.h"
#include "core/check.h"

namespace excite {

// What has_right_gradient returns; the functions are those that gmock calls.
class RightGradientMatcher {
 public:
  RightGradientMatcher(std::vector<Var> inputs, GradcheckOptions options)
      : inputs_(std::move(inputs)), options_(std::move(options)) {}
  // Checks the operation, and writes the report to the listener.
  template <class Op>
  bool MatchAndExplain(const Op& op, testing::MatchResultListener* listener) const {
    const GradcheckReport report =
        check_gradient([&](const std::vector<Var>& in) { return call(op, in); }, inputs_, options_);
    *listener << report;
    if (!report.ok) *listener << "\n" << report.table(20);
    return report.ok;
  }
  // The sentences "has the gradient that ..." and "does not have ...".
  void DescribeTo(std::ostream* out) const { describe(out, "has"); }
  void DescribeNegationTo(std::ostream* out) const { describe(out, "does not have"); }

 private:
  // An operation takes a vector of Vars, or up to five Vars.
  template <class Op>
  static Var call(const Op& op, const std::vector<Var>& in) {
    const auto expect = [&](std::size_t count) {
      require(in.size() == count, "the operation takes ", count, " inputs, but the matcher has ",
              in.size());
    };
    if constexpr (std::is_invocable_v<Op, const std::vector<Var>&>)
      return op(in);
    else if constexpr (std::is_invocable_v<Op, Var>)
      return expect(1), op(in[0]);
    else if constexpr (std::is_invocable_v<Op, Var, Var>)
      return expect(2), op(in[0], in[1]);
    else if constexpr (std::is_invocable_v<Op, Var, Var, Var>)
      return expect(3), op(in[0], in[1], in[2]);
    else if constexpr (std::is_invocable_v<Op, Var, Var, Var, Var>)
      return expect(4), op(in[0], in[1], in[2], in[3]);
    else
      return expect(5), op(in[0], in[1], in[2], in[3], in[4]);
  }

  void describe(std::ostream* out, const char* verb) const {
    *out << verb << " the gradient that finite differences give, for inputs of shape";
    for (std::size_t i = 0; i < inputs_.size(); i++) *out << (i ? ", " : " ") << inputs_[i].shape();
  }

  std::vector<Var> inputs_;
  GradcheckOptions options_;
};

// Matches an operation whose gradient passes check_gradient on these inputs: a function of as many
// Vars, or of a vector of Vars. An overloaded function needs a lambda around it, and the parameters
// of a lambda need named types: const Var& x.
inline auto has_right_gradient(std::vector<Var> inputs, const GradcheckOptions& options = {}) {
  return testing::MakePolymorphicMatcher(RightGradientMatcher(std::move(inputs), options));
}

// gmock prints a value that does not match. Of a function this would be its address.
template <class... Vars>
void PrintTo(Var (*)(Vars...), std::ostream* out) {
  *out << "the operation";
}

}  // namespace excite
