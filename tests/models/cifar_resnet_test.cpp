// The definition of the CIFAR SE-ResNet, and what else computes the same network.
#include "models/cifar_resnet.h"

#include "autograd/gradcheck.h"
#include "layers/fused/folded.h"
#include "models/fused/cifar_resnet.h"
#include "models/resnet.h"
#include "tests/support/block_results.h"

namespace excite {
namespace {

SeBasicBlock block_with(const SqueezeExciteOptions& o, long stride, Shortcut kind) {
  Rng rng(0);
  SeBasicBlock block(8, stride == 1 ? 8 : 16, stride, o, kind, rng);
  randomize_batch_norms(block, rng);
  block.se.reduce.b->value[0] = 1;  // one hidden unit that is above 0, whatever is drawn
  return block;
}

// Calls check(what, options of the SE block, stride, shortcut) for every option.
template <class Check>
void for_every_option(const Check& check) {
  for (const Squeeze squeeze : {Squeeze::mean, Squeeze::max, Squeeze::none, Squeeze::ones})
    for (const auto activation : {sigmoid, relu, tanh})
      for (const long stride : {1, 2})
        for (const Shortcut kind : {Shortcut::A, Shortcut::B, Shortcut::B3})
          check(text("squeeze ", static_cast<int>(squeeze), ", stride ", stride, ", shortcut ",
                     static_cast<int>(kind)),
                SqueezeExciteOptions{.reduction = 4, .squeeze = squeeze, .activation = activation},
                stride, kind);
}

// y = relu(u s + shortcut), from the operations that the figures of both papers show.
TEST(SeBasicBlock, FollowsTheFigureOfThePaper) {
  const SeBasicBlock b = block_with({.reduction = 4}, 2, Shortcut::B);
  Rng rng(1);
  const Var x = normal({3, 6, 6, 8}, rng);
  const auto bn = [](const BatchNorm2d& n, const Var& v) {
    return batch_norm_running(v, n.gamma, n.beta, n.running_mean, n.running_var);
  };
  Var u = conv2d(x, b.conv1.w, {.stride = 2, .pad = 1});
  u = bn(b.bn2, conv2d(relu(bn(b.bn1, u)), b.conv2.w, {.pad = 1}));
  const Var hidden = relu(linear(global_avg_pool(u), b.se.reduce.w, b.se.reduce.b)),
            s = sigmoid(linear(hidden, b.se.expand.w, b.se.expand.b));
  const ConvNorm& projection = *b.shortcut.projection;
  const Var skip = bn(projection.bn, conv2d(x, projection.conv.w, {.stride = 2}));
  EXPECT_TRUE(
      same_bits(b.forward(x, Mode::eval)->value, relu(add(scale_channels(u, s), skip))->value));
}

TEST(SeBasicBlock, FusedImplementationEqualsTheDefinitionAtEveryOption) {
  for_every_option([](const std::string& what, const SqueezeExciteOptions& o, long stride,
                      Shortcut kind) {
    for (const Mode mode : {Mode::train, Mode::eval}) {
      const SeBasicBlock defined = block_with(o, stride, kind), fused = block_with(o, stride, kind);
      FoldedLayers folded;
      const UseImplementation use({.folded = &folded});
      const auto run = [&](const SeBasicBlock& b, const auto& f) {
        return block_results(b, {{3, 6, 6, 8}}, mode, f);
      };
      expect_close(run(fused, [&](const auto& in) { return fused(in[0], mode); }),
                   run(defined,
                       [&](const auto& in) {
                         const UseImplementation plain({.fused = false});
                         return defined.forward(in[0], mode);
                       }),
                   {}, what + (mode == Mode::train ? ", training" : ", inference"));
    }
  });
}

#ifdef EXCITE_DOUBLE
TEST(SeBasicBlock, TheGradientsOfTheDefinitionAreRightAtEveryOption) {
  for_every_option(
      [](const std::string& what, const SqueezeExciteOptions& o, long stride, Shortcut kind) {
        const SeBasicBlock block = block_with(o, stride, kind);
        const UseImplementation plain({.fused = false});
        Rng rng(2);
        const Var x = parameter(normal({3, 4, 4, 8}, rng));
        std::vector<std::pair<std::string, Var>> parameters{{"x", x}};
        for (const Module::Entry& e : block.state())
          if (e.kind != Module::Kind::buffer) parameters.emplace_back(e.name, e.var);
        const GradcheckReport report =
            check_model_gradient([&] { return block.forward(x, Mode::train); }, parameters,
                                 {.elements = 4, .directions = 4});
        EXPECT_TRUE(report.ok) << what << ": " << report;
      });
}
#endif

// Same seed, same names, same initial values, same results, bit for bit.
TEST(CifarSeResNet, EqualsTheGeneralResidualNetwork) {
  for (const Shortcut kind : {Shortcut::A, Shortcut::B}) {
    Rng one(3), other(3), rng(4);
    const CifarSeResNet net(14, {.reduction = 4}, kind, 7, one);
    SeOptions se;
    se.reduction = 4;
    const ResidualNetwork general(cifar_resnet(14, kind, se), 7, other);
    ASSERT_EQ(net.state().size(), general.state().size());
    for (std::size_t i = 0; i < net.state().size(); i++) {
      EXPECT_EQ(net.state()[i].name, general.state()[i].name);
      EXPECT_TRUE(same_bits(net.state()[i].var->value, general.state()[i].var->value))
          << net.state()[i].name;
    }
    const Var x = normal({4, 16, 16, 3}, rng);
    for (const bool fused : {true, false}) {
      const UseImplementation use({.fused = fused});
      EXPECT_TRUE(same_bits(net(x, Mode::train)->value, general(x, Mode::train)->value));
    }
    EXPECT_TRUE(same_bits(net(x, Mode::eval)->value, general(x, Mode::eval)->value));
  }
}

TEST(CifarSeResNet, TakesImagesOfAnySizeAndRefusesAnotherDepth) {
  Rng rng(0);
  const CifarSeResNet net(8, {}, Shortcut::B, 3, rng);
  EXPECT_EQ(net(normal({1, 17, 40, 3}, rng), Mode::eval).shape(), (Shape{1, 3}));
  for (const long depth : {7l, 2l, 21l})
    EXPECT_TRUE(fails_saying<UsageError>([&] { CifarSeResNet(depth, {}, Shortcut::B, 3, rng); },
                                         {text("resnet", depth), "6 n + 2"}));
}

}  // namespace
}  // namespace excite
