#include "layers/embedding.h"

#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(EmbeddingLayer, OwnsATableOfNormalNumbers) {
  Rng rng(0);
  const Embedding embed(50, 40, rng);
  ASSERT_EQ(embed.state().size(), 1u);
  EXPECT_EQ(embed.state()[0].name, "weight");
  EXPECT_EQ(embed.table.shape(), (Shape{50, 40}));
  double squares = 0;
  for (const real v : embed.table->value)
    squares += static_cast<double>(v) * static_cast<double>(v);
  EXPECT_NEAR(squares / 2000, 1, 0.1);
}

TEST(EmbeddingLayer, LooksUpRowsAndLearnsOnlyThose) {
  Rng rng(0);
  const Embedding embed(4, 2, rng);
  embed.table->value = Tensor({4, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  const Var y = embed({3, 1, 3});
  EXPECT_TRUE(same_bits(y->value, Tensor({3, 2}, {6, 7, 2, 3, 6, 7})));
  backward(y, Tensor({3, 2}, {1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(same_bits(embed.table->grad, Tensor({4, 2}, {0, 0, 3, 4, 0, 0, 6, 8})));
}

TEST(EmbeddingLayer, ErrorsNameTheLayerAndTheIndex) {
  Rng rng(0);
  struct Net : Module {
    Embedding words;
    explicit Net(Rng& r) : words(own("words", Embedding(4, 2, r))) {}
  };
  const Net net(rng);
  EXPECT_TRUE(fails_saying(
      [&] {
        net.words({0, 4});
      },
      {"words: embedding: index 1 is 4", "[4, 2]", "0 to 3"}));
  EXPECT_TRUE(fails_saying([&] { Embedding(0, 2, rng); }, {"Embedding: 0 rows of 2"}));
}

}  // namespace
}  // namespace excite
