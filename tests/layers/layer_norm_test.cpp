#include "layers/layer_norm.h"

#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(LayerNormLayer, OwnsGammaAndBeta) {
  const LayerNorm norm(5);
  ASSERT_EQ(norm.state().size(), 2u);
  EXPECT_EQ(norm.state()[0].name, "weight");
  EXPECT_EQ(norm.state()[1].name, "bias");
  EXPECT_EQ(norm.state()[0].kind, Module::Kind::bias) << "weight decay leaves gamma alone";
  EXPECT_EQ(norm.parameter_count(), 10);
  EXPECT_TRUE(same_bits(norm.gamma->value, full({5}, 1)));
  EXPECT_TRUE(same_bits(norm.beta->value, zeros({5})));
}

TEST(LayerNormLayer, ComputesLayerNorm) {
  Rng rng(0);
  const LayerNorm norm(3, 0.1);
  norm.gamma->value = normal({3}, rng), norm.beta->value = normal({3}, rng);
  const Var x = normal({2, 4, 4, 3}, rng);
  EXPECT_TRUE(same_bits(norm(x)->value, layer_norm(x, norm.gamma, norm.beta, 0.1)->value));
}

TEST(LayerNormLayer, ErrorsNameTheLayerAndTheShapes) {
  struct Net : Module {
    LayerNorm norm;
    Net() : norm(own("norm", LayerNorm(4))) {}
  };
  const Net net;
  EXPECT_TRUE(fails_saying(
      [&] {
        net.norm(zeros({2, 3}));
      },
      {"norm: layer_norm", "[2, 3]", "[4]"}));
  EXPECT_TRUE(fails_saying([] { LayerNorm(0); }, {"LayerNorm: 0 channels", "at least 1"}));
}

}  // namespace
}  // namespace excite
