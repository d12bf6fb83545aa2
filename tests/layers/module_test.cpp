#include "layers/module.h"

#include <type_traits>
#include <utility>

#include "autograd/ops.h"
#include "layers/dropout.h"
#include "layers/linear.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Counter : Module {
  Var steps;
  Counter() : steps(buffer("steps", zeros({1}))) {}
};

struct Net : Module {
  Linear first, second;
  Counter counter;
  Dropout one, two;
  explicit Net(Rng& rng)
      : first(own("first", Linear(3, 4, rng))),
        second(own("second", Linear(4, 2, rng, Bias::none))),
        counter(own("counter", Counter())),
        one(own("one", Dropout(real(0.5)))),
        two(own("two", Dropout(real(0.5)))) {}
};

TEST(Module, ListsEntriesOfItselfAndItsChildrenInOrder) {
  Rng rng(0);
  const Net net(rng);
  std::vector<std::string> names;
  for (const Module::Entry& e : net.state()) names.push_back(e.name);
  EXPECT_EQ(names, (std::vector<std::string>{"first.weight", "first.bias", "second.weight",
                                             "counter.steps"}));
  EXPECT_EQ(net.state()[0].kind, Module::Kind::weight);
  EXPECT_EQ(net.state()[1].kind, Module::Kind::bias);
  EXPECT_EQ(net.state()[3].kind, Module::Kind::buffer);
}

TEST(Module, CountsParametersWithoutBuffers) {
  Rng rng(0);
  const Net net(rng);
  EXPECT_EQ(net.parameters().size(), 3u);
  EXPECT_EQ(net.parameter_count(), 3 * 4 + 4 + 4 * 2);
  for (const Var& p : net.parameters()) EXPECT_TRUE(p.requires_grad());
  EXPECT_FALSE(net.counter.steps.requires_grad());
}

TEST(Module, SharesItsParametersWithItsLayers) {
  Rng rng(0);
  const Net net(rng);
  net.state()[0].var->value[0] = 42;
  EXPECT_EQ(net.first.w->value[0], 42);
}

TEST(Module, CanBeMovedButNotCopied) {
  static_assert(!std::is_copy_constructible_v<Net> && !std::is_copy_assignable_v<Net>);
  Rng rng(0);
  Net net(rng);
  const Var w = net.first.w;
  const Net moved = std::move(net);
  EXPECT_EQ(moved.parameters().size(), 3u);
  EXPECT_EQ(moved.parameters()[0], w) << "the same node";
  EXPECT_TRUE(fails_saying([&] { net.state(); }, {"module: it was moved from"}));
  EXPECT_TRUE(fails_saying([&] { net.first(zeros({1, 3})); }, {"no node", "was moved from"}));
}

TEST(Module, RefusesToOwnALayerThatWasMovedFrom) {
  struct Twice : Module {
    Linear one, two;
    explicit Twice(Linear layer)
        : one(own("one", std::move(layer))), two(own("two", std::move(layer))) {}
  };
  Rng rng(0);
  EXPECT_TRUE(fails_saying([&] { Twice(Linear(2, 3, rng)); },
                           {"own(\"two\", ...) got a layer that was moved from"}));
}

TEST(Module, NamesParametersByTheirFullPath) {
  Rng rng(0);
  const Net net(rng);
  EXPECT_EQ(net.first.w->name, "first.weight");
  EXPECT_EQ(net.counter.steps->name, "counter.steps");
}

TEST(Module, RefusesTwoEntriesWithTheSameName) {
  struct Twice : Module {
    Twice() { weight("w", zeros({1})), buffer("w", zeros({1})); }
  };
  EXPECT_TRUE(fails_saying([] { Twice(); }, {"two", "named w"}));
  struct Children : Module {
    explicit Children(const std::string& second) {
      Rng rng(0);
      own("a.b", Linear(1, 1, rng)), own(second, Linear(1, 1, rng));
    }
  };
  Children("a.bc"), Children("a");
  EXPECT_TRUE(fails_saying([] { Children("a.b"); }, {"two", "named a.b.weight"}));
}

TEST(Module, ErrorsNameTheLayerAndTheOperation) {
  Rng rng(0);
  const Net net(rng);
  EXPECT_TRUE(fails_saying([&] { net.first(zeros({1, 7})); }, {"first: linear: input [1, 7]"}));
}

// A layer's name may begin like the operation's, and layers call layers.
TEST(Module, AnErrorNamesTheInnermostLayerAlone) {
  struct Outer : Module {
    Linear inner;
    Var scale;
    explicit Outer(Rng& rng)
        : inner(own("lin", Linear(3, 2, rng))), scale(weight("scale", zeros({1}))) {}
    Var operator()(const Var& x) const {
      return in_layer(scale, [&] { return inner(x); });
    }
  };
  struct Root : Module {
    Outer outer;
    explicit Root(Rng& rng) : outer(own("block", Outer(rng))) {}
  };
  Rng rng(0);
  const Root root(rng);
  const Outer alone(rng);
  const auto error_of = [](const Outer& layer) -> std::string {
    try {
      layer(zeros({1, 7}));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_TRUE(error_of(root.outer).starts_with("block.lin: linear: ")) << error_of(root.outer);
  EXPECT_TRUE(error_of(alone).starts_with("lin: linear: ")) << error_of(alone);
}

Tensor mask(const Dropout& dropout) { return dropout(full({1000}, 1), Mode::train)->value.clone(); }

TEST(RandomStreams, OfTwoLayersDifferWithoutReseed) {
  Rng rng(0);
  const Net net(rng);
  EXPECT_FALSE(same_bits(mask(net.one), mask(net.two)));
  const Dropout loose(real(0.5)), other(real(0.5));
  EXPECT_FALSE(same_bits(mask(loose), mask(other)));
}

TEST(RandomStreams, OfANetworkDependOnTheNetworkAlone) {
  struct Outer : Module {
    Dropout first;
    Net net;
    explicit Outer(Rng& rng) : first(own("first", Dropout(real(0.5)))), net(own("net", Net(rng))) {}
  };
  Rng rng(0);
  const Outer outer(rng);
  const Dropout another(real(0.5));
  const Outer again(rng);
  const Tensor first = mask(outer.first), one = mask(outer.net.one), two = mask(outer.net.two);
  EXPECT_FALSE(same_bits(first, one) || same_bits(first, two) || same_bits(one, two));
  EXPECT_TRUE(same_bits(first, mask(again.first)));
  EXPECT_TRUE(same_bits(two, mask(again.net.two)));
  again.reseed(0, 0);
  EXPECT_TRUE(same_bits(two, mask(again.net.two))) << "seed 0, step 0";
}

TEST(Reseed, MakesDropoutMasksDependOnSeedAndStepOnly) {
  Rng rng(0);
  const Net net(rng);
  const Var x = full({1000}, 1);
  const auto masks = [&](long seed, long step) {
    net.reseed(seed, step);
    return std::pair(net.one(x, Mode::train)->value.clone(),
                     net.two(x, Mode::train)->value.clone());
  };
  const auto [one, two] = masks(5, 7);
  EXPECT_FALSE(same_bits(one, two)) << "each layer has its own masks";
  const auto other_step = masks(5, 8), other_seed = masks(6, 7), again = masks(5, 7);
  EXPECT_FALSE(same_bits(one, other_step.first));
  EXPECT_FALSE(same_bits(one, other_seed.first));
  EXPECT_TRUE(same_bits(one, again.first));
  EXPECT_TRUE(same_bits(two, again.second));
  EXPECT_FALSE(same_bits(one, net.one(x, Mode::train)->value)) << "the next mask is different";
}

}  // namespace
}  // namespace excite
