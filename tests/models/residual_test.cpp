#include "models/residual.h"

#include "models/cifar_resnet.h"
#include "models/resnet.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

const std::vector<BranchConv> four_channels{{3, 4}, {3, 4}};

// With gamma = 0 in the last batch norm, a block is relu(shortcut).
Tensor shortcut_of(const ResidualBlock& block, const Var& x) {
  const BatchNorm2d& last = block.branch.back().bn;
  last.gamma->value = zeros(last.gamma.shape());
  return block(x, Mode::eval)->value.clone();
}

TEST(ResidualBlock, ShortcutAIsEverySecondPixelAndZerosForTheNewChannels) {
  Rng rng(0);
  const ResidualBlock block(2, {{3, 5, 2}, {3, 5}}, Shortcut::A, {}, rng);
  const Var x = normal({2, 4, 6, 2}, rng);
  Tensor expected = zeros({2, 2, 3, 5});
  for (long n = 0; n < 2; n++)
    for (long i = 0; i < 2; i++)
      for (long j = 0; j < 3; j++)
        for (long c = 0; c < 2; c++)
          expected[((n * 2 + i) * 3 + j) * 5 + c] =
              std::max(x->value[((n * 4 + 2 * i) * 6 + 2 * j) * 2 + c], real(0));
  EXPECT_TRUE(same_bits(shortcut_of(block, x), expected));
  for (const Module::Entry& e : block.state())
    EXPECT_EQ(e.name.find("downsample"), std::string::npos) << e.name;
}

TEST(ResidualBlock, ShortcutBProjectsOnlyWhereTheShapeChanges) {
  Rng rng(0);
  const ResidualBlock same(4, four_channels, Shortcut::B, {}, rng),
      wider(4, {{3, 6}, {3, 6}}, Shortcut::B, {}, rng),
      smaller(4, {{3, 4, 2}, {3, 4}}, Shortcut::B, {}, rng);
  EXPECT_FALSE(same.shortcut.projection);
  ASSERT_TRUE(wider.shortcut.projection);
  ASSERT_TRUE(smaller.shortcut.projection);
  const Var x = normal({2, 6, 6, 4}, rng);
  EXPECT_TRUE(same_bits(shortcut_of(same, x), relu(x)->value));
  EXPECT_TRUE(same_bits(shortcut_of(smaller, x),
                        relu((*smaller.shortcut.projection)(x, Mode::eval))->value));
}

TEST(ResidualBlock, ShortcutB3Is3x3OnlyWithAStride) {
  Rng rng(0);
  const ResidualBlock wider(4, {{3, 6}, {3, 6}}, Shortcut::B3, {}, rng),
      smaller(4, {{3, 4, 2}, {3, 4}}, Shortcut::B3, {}, rng);
  EXPECT_EQ(wider.shortcut.projection->conv.w.shape(), (Shape{1, 1, 4, 6}));
  EXPECT_EQ(smaller.shortcut.projection->conv.w.shape(), (Shape{3, 3, 4, 4}));
}

// Each formula of Placement from simple operations, on a block that changes the shape and on one
// that does not.
TEST(ResidualBlock, FollowsTheFormulaOfEachPlacement) {
  for (const std::vector<BranchConv>& convs :
       {std::vector<BranchConv>{{1, 4}, {3, 6}, {1, 8}}, {{1, 4}, {3, 6, 2}, {1, 5}}}) {
    const auto block_with = [&](Placement place) {
      Rng rng(0);
      SeOptions se;
      se.reduction = 2, se.place = place;
      return ResidualBlock(8, convs, Shortcut::B, se, rng);
    };
    Rng rng(1);
    const Var x = normal({2, 6, 6, 8}, rng);
    const auto expect = [&](Placement place, const auto& formula) {
      const ResidualBlock block = block_with(place);
      const auto& b = block.branch;
      const auto se = [&](const Var& u) { return block.se->block(u); };
      const auto before_last = [&](const Var& u) {
        return conv_norm_relu(b[1], conv_norm_relu(b[0], u, Mode::eval), Mode::eval);
      };
      const auto last = [&](const Var& u) { return b[2](u, Mode::eval); };
      const Var shortcut = block.shortcut(x, Mode::eval);
      const Var expected = formula(se, before_last, last, shortcut);
      EXPECT_TRUE(same_bits(block(x, Mode::eval)->value, expected->value))
          << "placement " << static_cast<int>(place);
      EXPECT_FALSE(close(expected->value, relu(add(last(before_last(x)), shortcut))->value, 0.01))
          << "placement " << static_cast<int>(place);
    };
    expect(Placement::standard, [&](auto se, auto before, auto last, auto cut) {
      return relu(add(se(last(before(x))), cut));
    });
    expect(Placement::pre, [&](auto se, auto before, auto last, auto cut) {
      return relu(add(last(before(se(x))), cut));
    });
    expect(Placement::post, [&](auto se, auto before, auto last, auto cut) {
      return se(relu(add(last(before(x)), cut)));
    });
    expect(Placement::identity, [&](auto se, auto before, auto last, auto cut) {
      return relu(add(last(before(x)), se(cut)));
    });
    expect(Placement::inside, [&](auto se, auto before, auto last, auto cut) {
      return relu(add(last(se(before(x))), cut));
    });
    expect(Placement::after_relu, [&](auto se, auto before, auto last, auto cut) {
      return relu(add(se(relu(last(before(x)))), cut));
    });
  }
}

TEST(CifarResnet, TakesImagesOfAnySizeAndRefusesAnotherDepth) {
  Rng rng(0);
  const ResidualNetwork net(cifar_resnet(8, Shortcut::B, SeOptions()), 3, rng);
  EXPECT_EQ(net(normal({1, 17, 40, 3}, rng), Mode::eval).shape(), (Shape{1, 3}));
  for (const long depth : {7l, 2l, 21l})
    EXPECT_TRUE(fails_saying<UsageError>([&] { cifar_resnet(depth, Shortcut::B, {}); },
                                         {text("resnet", depth), "6 n + 2"}));
}

// stride_on and stem_pool decide which pixels are used: the results change, the shapes do not.
TEST(Resnet, StrideAndStemPoolChangeResultsButNoShape) {
  Rng rng(1);
  const Var x = normal({2, 37, 37, 3}, rng);
  const auto made = [&](ResnetOptions::StrideOn stride, ResnetOptions::StemPool pool) {
    Rng same(0);
    return ResidualNetwork(
        resnet(find_resnet("small_bottleneck"), {.stride_on = stride, .stem_pool = pool}), 5, same);
  };
  using enum ResnetOptions::StrideOn;
  using enum ResnetOptions::StemPool;
  const ResidualNetwork paper = made(conv1x1, ceil);
  const Tensor logits = paper(x, Mode::eval)->value.clone();
  const ResidualNetwork others[] = {made(conv3x3, ceil), made(conv1x1, floor)};
  for (const ResidualNetwork& other : others) {
    EXPECT_FALSE(close(other(x, Mode::eval)->value, logits, 1e-3));
    for (std::size_t i = 0; i < paper.state().size(); i++)
      EXPECT_EQ(other.state()[i].var.shape(), paper.state()[i].var.shape());
  }
}

}  // namespace
}  // namespace excite
