// Inception modules against their formulas; image sizes, stages and names of the networks.
#include "models/zoo/inception.h"

#include <set>

#include "autograd/ops.h"
#include "models/zoo/bn_inception.h"
#include "models/zoo/inception_resnet_v2.h"
#include "models/zoo/inception_v3.h"
#include "models/zoo/inception_v4.h"
#include "tests/support/compare.h"

namespace excite::inception {
namespace {

Network made(const Table& table, const std::optional<SeOptions>& se = {}) {
  Rng rng(0);
  return Network({.name = "a network", .table = table, .classifier = "fc", .se = se}, 5, rng);
}

SeOptions se_of_half(Placement place = Placement::standard, const std::vector<long>& stages = {3}) {
  SeOptions se;
  se.reduction = 2, se.place = place, se.stages = stages;
  return se;
}

Var unit(const Layer& layer, const Var& x) {
  return relu(layer.conv_bn->bn(layer.conv_bn->conv(x), Mode::eval));
}

void expect_logits(const Network& net, const Var& x, const Var& last) {
  EXPECT_TRUE(close(net(x, Mode::eval)->value, net.fc(global_avg_pool(last))->value,
                    in_double_build ? 1e-13 : 1e-5));
}

TEST(InceptionModule, ConcatenatesItsBranchesAndThenAppliesSe) {
  Rng rng(1);
  const Var x = normal({2, 6, 7, 3}, rng);
  const Pool2dOptions window{.kernel = 3, .stride = 1, .pad = 1};
  const Network net = made(
      {mixed("m", 3,
             {{conv("a", 1, 4)}, {conv("b", 1, 2), conv("c", {1, 7}, 6)}, {avg_pool(window)}})},
      se_of_half());
  const auto& branches = net.layers[0].branches;
  const Var u =
      concat_channels({unit(branches[0][0], x), unit(branches[1][1], unit(branches[1][0], x)),
                       avg_pool2d(x, window)});
  expect_logits(net, x, net.layers[0].se->block(u));
}

TEST(InceptionModule, ABranchMaySplitAtItsEnd) {
  Rng rng(1);
  const Var x = normal({2, 6, 7, 3}, rng);
  const Network net = made({mixed(
      "m", 3, {{conv("a", 1, 4), split({{conv("b", {1, 3}, 2)}, {conv("c", {3, 1}, 3)}})}})});
  const auto& branch = net.layers[0].branches[0];
  const Var u = unit(branch[0], x);
  expect_logits(
      net, x,
      concat_channels({unit(branch[1].branches[0][0], u), unit(branch[1].branches[1][0], u)}));
  std::set<std::string> names;
  for (const Module::Entry& e : net.state()) names.insert(e.name);
  EXPECT_TRUE(names.contains("m.a.conv.weight") && names.contains("m.b.conv.weight") &&
              names.contains("m.c.bn.running_var"));
}

// y = relu(x + 0.3 conv(concat(...))), with se at each placement in turn.
TEST(InceptionModule, AResidualModuleFollowsTheFormulaOfEachPlacement) {
  Rng rng(1);
  const Var x = normal({2, 6, 7, 3}, rng);
  const auto expect = [&](Placement place, const auto& formula) {
    const Network net =
        made({residual("r", 3, 0.3, {{conv("a", 1, 4)}, {conv("b", 3, 2)}})}, se_of_half(place));
    const Layer& layer = net.layers[0];
    const auto branches = [&](const Var& u) {
      return concat_channels({unit(layer.branches[0][0], u), unit(layer.branches[1][0], u)});
    };
    const auto linear = [&](const Var& u) { return (*layer.linear)(u); };
    const auto se = [&](const Var& u) { return layer.se->block(u); };
    expect_logits(net, x, formula(branches, linear, se));
  };
  const real s = real(0.3);
  expect(Placement::standard, [&](auto branches, auto linear, auto se) {
    return relu(add(x, scale(se(linear(branches(x))), s)));
  });
  expect(Placement::pre, [&](auto branches, auto linear, auto se) {
    return relu(add(x, scale(linear(branches(se(x))), s)));
  });
  expect(Placement::post, [&](auto branches, auto linear, auto se) {
    return se(relu(add(x, scale(linear(branches(x)), s))));
  });
  expect(Placement::identity, [&](auto branches, auto linear, auto se) {
    return relu(add(se(x), scale(linear(branches(x)), s)));
  });
  expect(Placement::inside, [&](auto branches, auto linear, auto se) {
    return relu(add(x, scale(linear(se(branches(x))), s)));
  });
}

TEST(InceptionModule, AResidualModuleMayHaveNoRelu) {
  Rng rng(1);
  const Var x = normal({2, 6, 7, 3}, rng);
  Row row = residual("r", 3, 1, {{conv("a", 1, 4)}});
  row.activation = identity;
  const Network net = made({row});
  expect_logits(net, x, add(x, (*net.layers[0].linear)(unit(net.layers[0].branches[0][0], x))));
}

TEST(HalfMaxPool, HasTheOutputSizeOfAPaddedConvolution) {
  const auto halved = [](const Var& x) { return half_max_pool().pool(x, half_max_pool().window); };
  Rng rng(1);
  for (long h = 1; h <= 9; h++)
    for (const long w : {1l, 2l, 5l, 6l}) {
      const Var x = normal({1, h, w, 2}, rng);
      const Shape y = halved(x).shape();
      EXPECT_EQ(y, (Shape{1, (h + 1) / 2, (w + 1) / 2, 2}));
      EXPECT_EQ(y, conv2d(x, zeros({3, 3, 2, 2}), {.stride = 2, .pad = 1}).shape());
    }
  const Var even = normal({2, 4, 6, 3}, rng), odd = normal({2, 5, 7, 3}, rng);
  EXPECT_TRUE(same_bits(halved(even)->value,
                        max_pool2d(even, {.kernel = 3, .stride = 2, .ceil = true})->value));
  EXPECT_TRUE(
      same_bits(halved(odd)->value, max_pool2d(odd, {.kernel = 3, .stride = 2, .pad = 1})->value));
}

// torchvision's Inception-v3 has the same minimum, 75.
TEST(InceptionNetworks, AcceptTheirMinimalImageSizeAndNothingSmaller) {
  for (const auto& [design, smallest] : {std::pair{bn_inception(), 11l},
                                         {inception_v3(), 75l},
                                         {inception_v4(), 75l},
                                         {inception_resnet_v2(), 75l}}) {
    Rng silent = Rng::silent();
    const Network net(design, 10, silent);
    EXPECT_EQ(net.min_image_size(), smallest) << design.name;
    EXPECT_EQ(net(zeros({1, smallest, smallest + 6, 3}), Mode::eval).shape(), (Shape{1, 10}))
        << design.name;
    EXPECT_TRUE(fails_saying(
        [&, side = smallest] {
          net(zeros({1, side, side - 1, 3}), Mode::eval);
        },
        {design.name, "too small", text(Size2(smallest))}));
  }
}

// Modules with squeeze-and-excitation per stage. A module that halves the image belongs to the
// stage that it begins.
TEST(InceptionNetworks, HaveSeModulesInTheRightStages) {
  const auto blocks = [](Design design, long stage) {
    design.se = se_of_half(Placement::standard, {stage});
    Rng silent = Rng::silent();
    const Network net(design, 10, silent);
    long count = 0;
    for (const Module::Entry& e : net.state()) count += e.name.ends_with(".se.fc1.weight");
    return count;
  };
  const auto expect = [&](const Design& design, long third, long fourth, long fifth) {
    EXPECT_EQ(blocks(design, 2), 0) << design.name;
    EXPECT_EQ(blocks(design, 3), third) << design.name;
    EXPECT_EQ(blocks(design, 4), fourth) << design.name;
    EXPECT_EQ(blocks(design, 5), fifth) << design.name;
  };
  expect(bn_inception(), 2, 5, 3);
  expect(inception_v3(), 3, 5, 3);
  expect(inception_v4(), 4, 8, 4);
  expect(inception_resnet_v2(), 11, 21, 11);
}

// The counts are those of torchvision's and timm's state dicts, without num_batches_tracked.
TEST(InceptionNetworks, HaveTheNamesOfTorchvisionAndTimm) {
  const auto expect = [](const Design& design, std::size_t count,
                         const std::vector<std::string>& examples) {
    Rng silent = Rng::silent();
    const Network net(design, 10, silent);
    std::set<std::string> names;
    for (const Module::Entry& e : net.state()) names.insert(e.name);
    EXPECT_EQ(names.size(), count) << design.name;
    for (const std::string& name : examples)
      EXPECT_TRUE(names.contains(name)) << design.name << " has no " << name;
  };
  expect(inception_v3(), 472,
         {"Conv2d_4a_3x3.bn.running_mean", "Mixed_6e.branch7x7dbl_5.conv.weight",
          "Mixed_7c.branch3x3dbl_3b.bn.bias"});
  expect(inception_v4(), 747,
         {"features.0.conv.weight", "features.3.conv.bn.weight",
          "features.21.branch2_3b.conv.weight", "last_linear.bias"});
  expect(inception_resnet_v2(), 1102,
         {"conv2d_7b.bn.bias", "repeat_2.8.conv2d.bias", "block8.branch1.2.conv.weight",
          "classif.bias"});
}

}  // namespace
}  // namespace excite::inception
