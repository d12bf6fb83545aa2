#include "tools/report/gates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/ops.h"
#include "layers/squeeze_excite.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/report/gates_drawing.h"

namespace excite {
namespace {

// A network of one block whose gates are known: sigmoid(relu(z W1 + b1) W2 + b2) with z the means.
struct OneBlock : Module {
  SqueezeExcite se;
  Linear fc;
  explicit OneBlock(Rng& rng)
      : se(own("block.se", SqueezeExcite(3, {.reduction = 3}, rng))),
        fc(own("fc", Linear(3, 2, rng))) {}
  Var operator()(const Var& x) const { return fc(global_avg_pool(se(x))); }
};

TEST(Gates, AreThoseOfTheBlocksDefinition) {
  Rng rng(1);
  OneBlock net(rng);
  const Tensor x = normal({4, 2, 2, 3}, rng);
  const Tensor expected = net.se.excite(global_avg_pool(x.clone()))->value.clone();
  const GateReader reader(as_model(std::move(net), {.name = "net", .classes = 2, .image_size = 2}),
                          2);
  EXPECT_EQ(reader.blocks(), std::vector<std::string>{"block.se"});
  EXPECT_TRUE(same_bits(reader(x).at(0), expected));
}

TEST(Gates, AreFoundInEveryNetworkWithSqueezeAndExcitation) {
  std::set<std::string> seen;
  for (const ModelEntry& entry : model_list()) {
    if (!entry.name.starts_with("se_") || !seen.insert(entry.small_variant).second) continue;
    Rng rng(0);
    const Model model = make_model(entry.small_variant, {}, 3, rng);
    const long side = std::max(32l, model.min_image_size);
    const GateReader reader(model, side);
    const std::set<std::string> blocks(reader.blocks().begin(), reader.blocks().end());
    std::set<std::string> expected;
    for (const Module::Entry& e : model.module().state())
      if (e.name.ends_with(".fc2.weight"))
        expected.insert(e.name.substr(0, e.name.size() - std::string(".fc2.weight").size()));
    EXPECT_EQ(blocks, expected) << entry.small_variant;
    for (const Tensor& gates : reader(zeros({2, side, side, 3}))) EXPECT_EQ(gates.dim(0), 2);
  }
}

TEST(Gates, OfSingleUnitsPerPixelAreAveraged) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {{"squeeze", "none"}}, 3, rng);
  const GateReader reader(model, 8);
  ASSERT_EQ(reader.blocks().size(), 3u);
  EXPECT_EQ(reader(zeros({2, 8, 8, 3}))[0].shape(), (Shape{2, 16}));
}

// Two channels, three classes; class 2 has no image.
//   class 0: 0.0 and 0.1 | 0.2 and 0.4      class 1: 0.02 | 0.9
TEST(GateStatistics, HasMeansAndDeviationsByClass) {
  GateStatistics gates("se", 3, 2);
  gates.add(tensor_of({3, 2}, {0.0, 0.2, 0.1, 0.4, 0.02, 0.9}), {0, 0, 1});
  EXPECT_EQ(gates.images(), 3);
  EXPECT_EQ(gates.images(2), 0);
  EXPECT_NEAR(gates.mean(0, 0), 0.05, 1e-7);
  EXPECT_NEAR(gates.mean(0, 1), 0.3, 1e-7);
  EXPECT_NEAR(gates.deviation(0, 1), 0.1, 1e-7);
  EXPECT_NEAR(gates.mean(1), 0.5, 1e-7);
  EXPECT_NEAR(gates.deviation(0), std::sqrt((0.01 + 0.0004) / 3 - 0.04 * 0.04), 1e-7);
  EXPECT_EQ(gates.mean(2, 0), 0);

  const GateSummary all = summarize(gates);
  EXPECT_NEAR(all.mean, (0.04 + 0.5) / 2, 1e-7);
  EXPECT_EQ(all.near_0, 0.5) << "channel 0";
  EXPECT_EQ(all.near_1, 0);
  EXPECT_EQ(all.same, 0.5) << "0.05 and 0.02 in channel 0; 0.3 and 0.9 in channel 1";
  EXPECT_NEAR(all.between, (0.015 + 0.3) / 2, 1e-7);
  EXPECT_NEAR(all.within, (0.05 / 2 + 0.1 / 2) / 2, 1e-7);
  // Variances: 0.015^2 and 0.3^2 between the classes; 0.05^2 / 2 and 0.1^2 / 2 within them.
  EXPECT_NEAR(all.share, (0.000225 / (0.000225 + 0.00125) + 0.09 / (0.09 + 0.005)) / 2, 1e-6);
  EXPECT_TRUE(fails_saying(
      [&] {
        gates.add(zeros({1, 3}), {0});
      },
      {"gates of se", "[1, 3]", "[1, 2]"}));
}

TEST(GatesDrawing, EscapesNamesAndDrawsALinePerClass) {
  GateStatistics gates("layer<1>", 3, 2);
  gates.add(tensor_of({3, 2}, {0, 0.25, 1, 0.75, 0.5, 0.5}), {0, 1, 1});
  const std::vector<long> drawn = classes_to_draw(gates);
  EXPECT_EQ(drawn, (std::vector<long>{0, 1}));
  const std::string svg = draw_gates({gates}, {"<img src=x>", "b&c", "d"}, drawn).xml();
  for (const char* words : {"&lt;img src=x&gt;", "b&amp;c", "layer&lt;1&gt;", "channel 0 to 1",
                            // the panel is 300 wide from 44, 130 high from 58
                            "points=\"119.0,188.0 269.0,155.5\""})
    expect_contains(svg, words);
  EXPECT_EQ(svg.find("<img"), std::string::npos);
}

TEST(GatesCommand, WritesCsvAndSvgAndPrintsASummary) {
  const ScratchFolder folder;
  Rng rng(2);
  const Model model = make_model("se_resnet20", {}, 2, rng);
  const std::string weights = folder / "w.safetensors", csv = folder / "g.csv",
                    svg = folder / "g.svg", image = folder / "data/test/a,b/0.png";
  save_tensors(weights, describe(model, {{"a,b", "c"}, {}, {1, 1, 1}, 32, 32}),
               state_of(model.module()));
  put_image(image, noise_image(32, 32, 3));
  put_image(folder / "data/test/c/0.png", noise_image(32, 32, 4));
  const Ending ending = excite_program({"gates", "--weights", weights, "--data", folder / "data",
                                        "--csv", csv, "--svg", svg, image});
  ASSERT_EQ(ending.code, 0) << ending.err;
  expect_contains(ending.out, "layer3.2.se                    64");
  const std::string table = get(csv);
  expect_contains(table, "block,channel,class,images,mean,deviation\nlayer1.0.se,0,\"a,b\",1,0.");
  expect_contains(table, "\nlayer3.2.se,63,all,2,0.");
  expect_contains(table, "\nlayer1.0.se,0,\"" + image + "\",1,0.");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 3 * (16 + 32 + 64) * (3 + 1));
  expect_contains(get(svg), ">layer2.1.se</text>");
  expect_failure(excite_program({"gates", "--weights", weights, image}), 2, {"--csv"});
}

TEST(GatesCommand, RefusesANetworkWithoutBlocks) {
  const ScratchFolder folder;
  Rng rng(2);
  const Model model = make_model("resnet20", {}, 10, rng);
  std::vector<std::string> classes(10, "a");
  save_tensors(folder / "w", describe(model, {classes, {}, {1, 1, 1}, 32, 32}),
               state_of(model.module()));
  expect_failure(excite_program({"gates", "--weights", folder / "w", "--limit", "10"}), 2,
                 {"resnet20 has no squeeze-and-excitation block"});
}

}  // namespace
}  // namespace excite
