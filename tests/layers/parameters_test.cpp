// Parameters for an optimizer, and how a layer that no module owns is found.
#include "layers/parameters.h"

#include <utility>

#include "autograd/ops.h"
#include "layers/batch_norm.h"
#include "layers/linear.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Net : Module {
  Linear fc1;
  BatchNorm2d bn;
  explicit Net(Rng& rng) : fc1(own("fc1", Linear(3, 4, rng))), bn(own("bn", BatchNorm2d(4))) {}
  Var operator()(const Var& x) const { return relu(bn(fc1(x), Mode::train)); }
};

// fc2 is made without own().
struct Forgetful : Module {
  Net body;
  Linear fc2;
  explicit Forgetful(Rng& rng) : body(own("body", Net(rng))), fc2(4, 2, rng) {}
  Var operator()(const Var& x) const { return fc2(body(x)); }
};

struct Complete : Module {
  Net body;
  Linear fc2;
  explicit Complete(Rng& rng) : body(own("body", Net(rng))), fc2(own("fc2", Linear(4, 2, rng))) {}
  Var operator()(const Var& x) const { return fc2(body(x)); }
};

Tensor input() {
  Rng rng(7);
  return normal({5, 3}, rng);
}

// A weighted sum, as the sum over a normalized channel does not depend on the weights.
template <class Network>
void train_step(const Network& net) {
  const Var y = net(input());
  backward(sum(mul(y, y)));
}

std::string listed(const std::vector<Parameter>& parameters) {
  std::string all;
  for (const Parameter& p : parameters) all += p.name + (p.decays ? " decays, " : ", ");
  return all;
}

TEST(Parameters, AreAllWeightsAndBiasesAndOnlyWeightsDecay) {
  Rng rng(0);
  const Net net(rng);
  EXPECT_EQ(listed(parameters(net)), "fc1.weight decays, fc1.bias, bn.weight, bn.bias, ");
  EXPECT_EQ(listed(parameters(net, WeightDecay::all)),
            "fc1.weight decays, fc1.bias decays, bn.weight decays, bn.bias decays, ");
  EXPECT_EQ(parameters(net)[0].var, net.fc1.w) << "the same node";
}

TEST(Parameters, OfANetworkAreTrainedByAnOptimizer) {
  Rng rng(0);
  const Complete net(rng);
  Sgd sgd(parameters(net), {});
  train_step(net);
  const Tensor before = net.fc2.w->value.clone();
  sgd.step(0.1);
  EXPECT_FALSE(close(net.fc2.w->value, before, 1e-3));
}

// ---- layers that no module owns ----

TEST(UnownedLayer, IsAnErrorOfTheFirstBackward) {
  Rng rng(0);
  const Forgetful net(rng);
  Sgd sgd(parameters(net), {});
  EXPECT_TRUE(fails_saying([&] { train_step(net); },
                           {"backward: no module owns the layer of weight [4, 2], bias [2] (2 of "
                            "6 parameters)",
                            "own(\"fc\", Linear(...))"}));
  EXPECT_TRUE(net.body.fc1.w->grad.empty()) << "nothing has been computed";
}

TEST(UnownedLayer, IsFoundInsideALayerToo) {
  struct Outer : Module {
    Forgetful block;
    explicit Outer(Rng& rng) : block(own("block", Forgetful(rng))) {}
    Var operator()(const Var& x) const { return block(x); }
  };
  Rng rng(0);
  const Outer net(rng);
  const AdamW adam(parameters(net), {});
  EXPECT_TRUE(fails_saying([&] { train_step(net); }, {"weight [4, 2], bias [2]"}));
}

// A block that owns its layers, but that its network does not own.
TEST(UnownedLayer, MayHaveLayersItself) {
  struct Outer : Module {
    Net body;
    Linear fc;
    explicit Outer(Rng& rng) : body(rng), fc(own("fc", Linear(4, 2, rng))) {}
    Var operator()(const Var& x) const { return fc(body(x)); }
  };
  Rng rng(0);
  const Outer net(rng);
  net.parameters();
  EXPECT_TRUE(
      fails_saying([&] { train_step(net); },
                   {"fc1.weight [3, 4], fc1.bias [4], bn.bias [4], bn.weight [4] (4 of 6"}));
}

// The list still has the parameters of the old layer.
TEST(UnownedLayer, MayHaveReplacedAnOwnedOne) {
  Rng rng(0);
  Complete net(rng);
  net.fc2 = Linear(4, 7, rng);
  const Sgd sgd(parameters(net), {});
  EXPECT_TRUE(fails_saying([&] { train_step(net); }, {"weight [4, 7], bias [7]"}));
}

TEST(UnownedLayer, IsNoErrorIfAllAreOwned) {
  Rng rng(0);
  Complete made(rng);
  const Complete net = std::move(made);
  const Sgd sgd(parameters(net), {});
  train_step(net);
  EXPECT_FALSE(net.fc2.w->grad.empty());
}

TEST(UnownedLayer, IsAllowedWhereNobodyAskedForAList) {
  Rng rng(0);
  const Forgetful net(rng);
  net.parameter_count();
  train_step(net);
  EXPECT_FALSE(net.fc2.w->grad.empty());
}

TEST(UnownedLayer, IsNotALayerWhoseParametersWereGivenToAnOptimizerOneByOne) {
  Rng rng(0);
  const Forgetful net(rng);
  std::vector<Parameter> all = parameters(net);
  all.push_back({"fc2.weight", net.fc2.w, true});
  all.push_back({"fc2.bias", net.fc2.b, false});
  Sgd sgd(all, {});
  train_step(net);
  sgd.step(0.1);
}

// Transfer learning: the optimizer gets the classifier alone.
TEST(UnownedLayer, IsNotTheRestOfANetworkWhoseHeadIsTrained) {
  Rng rng(0);
  const Complete net(rng);
  const Sgd sgd(parameters(net.fc2), {});
  train_step(net);
  EXPECT_FALSE(net.fc2.w->grad.empty());
}

// The gradient of the loss flows through the frozen network into the trained one.
TEST(UnownedLayer, IsNotAnotherModuleThatSomebodyAskedForItsList) {
  Rng rng(0);
  const Net trained(rng);
  const Linear frozen(4, 2, rng);
  const Sgd sgd(parameters(trained), {});
  const auto loss = [&] { return sum(frozen(trained(input()))); };
  EXPECT_TRUE(fails_saying([&] { backward(loss()); }, {"weight [4, 2]", "run it under NoGrad"}));
  for (const Var& p : frozen.parameters()) p->requires_grad = false;
  backward(loss());
  EXPECT_FALSE(trained.fc1.w->grad.empty());
  for (const Var& p : frozen.parameters()) p->requires_grad = true;
  backward(loss());
}

TEST(UnownedLayer, IsNotOneThatRequiresNoGradient) {
  Rng rng(0);
  const Net trained(rng);
  const Linear frozen(4, 2, rng);
  const Sgd sgd(parameters(trained), {});
  frozen.w->requires_grad = frozen.b->requires_grad = false;
  backward(sum(frozen(trained(input()))));
  EXPECT_FALSE(trained.fc1.w->grad.empty());
}

TEST(UnownedLayer, IsNotATeacherUnderNoGrad) {
  Rng rng(0);
  const Net teacher(rng), student(rng);
  const Sgd sgd(parameters(student), {});
  Var target;
  {
    const NoGrad no_grad;
    target = teacher(input());
  }
  const Var difference = sub(student(input()), target);
  backward(sum(mul(difference, difference)));
  EXPECT_FALSE(student.fc1.w->grad.empty());
}

// ---- parameters that no module has ----

// A member that is made with parameter() in place of weight("scale", ...).
struct WithLooseMember : Module {
  Net body;
  Var scale;
  explicit WithLooseMember(Rng& rng)
      : body(own("body", Net(rng))), scale(parameter(full({4, 1}, 1))) {}
  Var operator()(const Var& x) const { return matmul(body(x), scale); }
};

TEST(LooseParameter, IsAnErrorOfTheFirstBackwardIfAModuleIsTrained) {
  Rng rng(0);
  const WithLooseMember net(rng);
  Sgd sgd(parameters(net), {});
  EXPECT_TRUE(fails_saying(
      [&] { train_step(net); },
      {"backward: no module and no optimizer has parameter [4, 1] (an input of matmul), 1 of 5 "
       "parameters, so it would not be trained",
       "scale(weight(\"scale\", tensor))", "give it to an optimizer", "requires_grad"}));
  EXPECT_TRUE(net.body.fc1.w->grad.empty()) << "nothing has been computed";
  net.scale->name = "my scale";
  EXPECT_TRUE(fails_saying([&] { train_step(net); }, {"has my scale [4, 1] (an input of matmul)"}));
}

TEST(LooseParameter, MayBeGivenToAnOptimizer) {
  Rng rng(0);
  const WithLooseMember net(rng);
  std::vector<Parameter> all = parameters(net);
  all.push_back({"scale", net.scale, true});
  Sgd sgd(all, {});
  train_step(net);
  sgd.step(0.1);
  EXPECT_FALSE(close(net.scale->value, full({4, 1}, 1), 1e-3));
}

TEST(LooseParameter, IsFoundOnlyIfSomebodyAskedForTheListOfAModule) {
  Rng rng(0);
  const WithLooseMember net(rng);
  train_step(net);
  EXPECT_FALSE(net.scale->grad.empty());
}

// As in a neuron by hand: some are given to an optimizer, others are changed by hand.
TEST(LooseParameter, NeedsNoModule) {
  const Var w = parameter(full({3, 2}, 1)), b = parameter(full({2}, 1));
  Sgd sgd({{"w", w, true}}, {});
  backward(sum(linear(input(), w, b)));
  EXPECT_FALSE(b->grad.empty());
  sgd.step(0.1);
}

// An adversarial image, for example: the gradient is wanted, but nothing is to be trained.
TEST(LooseParameter, IsNotAnInputThatRequiresAGradient) {
  Rng rng(0);
  const Net net(rng);
  const Sgd sgd(parameters(net), {});
  const Var x = normal({5, 3}, rng);
  x->requires_grad = true;
  const Var y = net(x);
  backward(sum(mul(y, y)));
  EXPECT_EQ(x->grad.shape(), x.shape());
}

}  // namespace
}  // namespace excite
