#include "models/cifar_resnet.h"

#include "tests/compare.h"

namespace excite {
namespace {

// With a last batch-norm that gives zeros, a block is relu(shortcut).
Tensor shortcut_of(const BasicBlock& block, const Var& x) {
  block.bn2.gamma->value = zeros(block.bn2.gamma.shape());
  return block(x, Mode::evaluate)->value.clone();
}

TEST(BasicBlock, ShortcutAIsEverySecondPixelAndZerosForTheNewChannels) {
  Rng rng(0);
  const BasicBlock block(2, 5, 2, {.shortcut = Shortcut::A}, rng);
  const Var x = normal({2, 4, 6, 2}, rng);
  Tensor expected = zeros({2, 2, 3, 5});
  for (long n = 0; n < 2; n++)
    for (long i = 0; i < 2; i++)
      for (long j = 0; j < 3; j++)
        for (long c = 0; c < 2; c++)
          expected[((n * 2 + i) * 3 + j) * 5 + c] = std::max(x->value[((n * 4 + 2 * i) * 6 + 2 * j) * 2 + c], real(0));
  EXPECT_TRUE(same_bits(shortcut_of(block, x), expected));
  for (const Module::Entry& e : block.state()) EXPECT_EQ(e.name.find("downsample"), std::string::npos) << e.name;
}

TEST(BasicBlock, ShortcutBProjectsOnlyWhereTheShapeChanges) {
  Rng rng(0);
  const BasicBlock same(4, 4, 1, {}, rng), wider(4, 6, 1, {}, rng), smaller(4, 4, 2, {}, rng);
  EXPECT_FALSE(same.projection);
  ASSERT_TRUE(wider.projection);
  ASSERT_TRUE(smaller.projection);
  const Var x = normal({2, 6, 6, 4}, rng);
  EXPECT_TRUE(same_bits(shortcut_of(same, x), relu(x)->value));
  EXPECT_TRUE(same_bits(shortcut_of(smaller, x), relu((*smaller.projection)(x, Mode::evaluate))->value));
}

// Before the addition and after the last batch-norm of the branch.
TEST(BasicBlock, SqueezesAndExcitesTheBranchAlone) {
  Rng rng(0);
  const BasicBlock block(4, 4, 1, {.reduction = 2}, rng);
  const Var x = normal({2, 6, 6, 4}, rng);
  const Var u = block.bn2(block.conv2(relu(block.bn1(block.conv1(x), Mode::evaluate))), Mode::evaluate);
  EXPECT_TRUE(same_bits(block(x, Mode::evaluate)->value, relu(add((*block.se)(u), x))->value));
  EXPECT_FALSE(close(block(x, Mode::evaluate)->value, relu(add(u, x))->value, 0.01));
}

TEST(CifarResnet, TakesPicturesOfAnySizeAndRefusesAnotherDepth) {
  Rng rng(0);
  const CifarResnet net({.depth = 8, .classes = 3}, rng);
  EXPECT_EQ(net(normal({1, 17, 40, 3}, rng), Mode::evaluate).shape(), (Shape{1, 3}));
  for (const int depth : {7, 2, 21})
    EXPECT_TRUE(fails_saying<UsageError>([&] { CifarResnet({.depth = depth}, rng); }, {text("resnet", depth), "6 n + 2"}));
}

}  // namespace
}  // namespace excite
