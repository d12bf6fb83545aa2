#include "tools/training/diagnosis.h"

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "layers/linear.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Two : Module {
  Linear first, second;
  explicit Two(Rng& rng)
      : first(own("first", Linear(2, 2, rng))), second(own("second", Linear(2, 2, rng))) {}
};

TEST(Diagnosis, FindsNothingIfEverythingIsFinite) {
  Rng rng(0);
  const Two net(rng);
  EXPECT_EQ(find_non_finite(sum(net.second(relu(net.first(normal({3, 2}, rng)))))), "");
}

TEST(Diagnosis, NamesTheFirstOpWhoseValueIsNotFinite) {
  Rng rng(0);
  const Two net(rng);
  const Var y = exp(scale(net.first(normal({3, 2}, rng)), real(1e30)));
  EXPECT_EQ(find_non_finite(sum(net.second(y))), "the value of exp after first [3, 2]");
}

// The lines of tools/training/README.md.
TEST(Diagnosis, InALoopOfOnesOwn) {
  Rng rng(0);
  const Two two(rng);
  const auto net = [&](const Var& x) { return two.second(two.first(x)); };
  const auto step = [&](const Var& x) {
    const Var loss = cross_entropy(net(x), {0, 1});
    if (!std::isfinite(loss->value.item())) throw Diverged("first: " + find_non_finite(loss));
    backward(loss);
  };
  EXPECT_NO_THROW(step(normal({2, 2}, rng)));
  two.first.b->value[1] = std::numeric_limits<real>::quiet_NaN();
  EXPECT_TRUE(fails_saying<Diverged>(
      [&] {
        step(normal({2, 2}, rng));
      },
      {"first: the value of first.bias [2]"}));
}

TEST(Diagnosis, NamesAParameterOrAnInputThatIsNotFinite) {
  Rng rng(0);
  const Two net(rng);
  Tensor x = normal({3, 2}, rng);
  net.second.w->value[0] = std::numeric_limits<real>::quiet_NaN();
  EXPECT_EQ(find_non_finite(sum(net.second(net.first(x.clone())))),
            "the value of second.weight [2, 2]");
  net.second.w->value[0] = 0;
  x[1] = std::numeric_limits<real>::infinity();
  const std::string found = find_non_finite(sum(net.second(net.first(std::move(x)))));
  EXPECT_EQ(found.substr(0, 13), "the value of ");
}

// sqrt(0) is finite, but its derivative is not.
TEST(Diagnosis, NamesTheFirstOpWhoseGradientIsNotFinite) {
  Rng rng(0);
  const Two net(rng);
  const Var y = net.first(zeros({3, 2}));
  const Var zero = sub(y, y);
  EXPECT_EQ(find_non_finite(sum(net.second(sqrt(zero)))),
            "the gradient of sqrt after first with respect to sub after first [3, 2]");
}

}  // namespace
}  // namespace excite
