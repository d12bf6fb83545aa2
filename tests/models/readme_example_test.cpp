// The two tables of models/README.md, row by row: parameters and multiply-adds of SE-ResNet-20,
// which the chapter computes by hand.
#include <map>

#include "models/cost.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// The part of the network that a layer belongs to: "stem", "layer1" or "head", and the first block
// of a stage as "layer2.0" if it has a row of its own. The layer name is, for example, "after
// layer3.2.se.fc2".
std::string part(const std::string& layer, bool separate_first_block) {
  const std::size_t at = layer.find("layer");
  if (at == std::string::npos) return layer.find("fc") == std::string::npos ? "stem" : "head";
  const bool first = separate_first_block && layer[at + 5] != '1' && layer[at + 7] == '0';
  return layer.substr(at, first ? 8 : 6);
}

TEST(ModelsReadme, ParametersOfSeResnet20) {
  Rng rng(0);
  const Model model = make_model("se_resnet20", {}, 10, rng);
  std::map<std::string, long> counted;
  for (const Module::Entry& e : model.module().state())
    if (e.kind != Module::Kind::buffer) counted[part(e.name, true)] += e.var->value.size();
  const std::map<std::string, long> by_hand{{"stem", 432 + 32},
                                            {"layer1", 3 * (4'608 + 64 + 49)},
                                            {"layer2.0", 13'824 + 128 + 162 + 576},
                                            {"layer2", 2 * (18'432 + 128 + 162)},
                                            {"layer3.0", 55'296 + 256 + 580 + 2'176},
                                            {"layer3", 2 * (73'728 + 256 + 580)},
                                            {"head", 64 * 10 + 10}};
  EXPECT_EQ(counted, by_hand);
  long total = 0;
  for (const auto& [name, count] : by_hand) total += count;
  EXPECT_EQ(total, 274'847);
  EXPECT_EQ(model.module().parameter_count(), total);
  EXPECT_EQ(make_model("se_resnet20", {{"shortcut", "A"}}, 10, rng).module().parameter_count(),
            274'847 - 576 - 2'176);
}

TEST(ModelsReadme, MultiplyAddsOfSeResnet20) {
  Rng rng(0);
  const Model model = make_model("se_resnet20", {}, 10, rng);
  const Cost cost = cost_of(model(zeros({1, 32, 32, 3}), Mode::eval));
  std::map<std::string, long> counted;
  for (const OpCost& op : cost.ops)
    counted[op.layer.find(".se.") == std::string::npos ? part(op.layer, false) : "se"] += op.macs;
  const std::map<std::string, long> by_hand{{"stem", 432 * 1024},
                                            {"layer1", 6 * 2'304 * 1024},
                                            {"layer2", (4'608 + 5 * 9'216 + 512) * 256},
                                            {"layer3", (18'432 + 5 * 36'864 + 2'048) * 64},
                                            {"head", 640},
                                            {"se", 3 * (2 * 16 * 1 + 2 * 32 * 2 + 2 * 64 * 4)}};
  EXPECT_EQ(counted, by_hand);
  long total = 0;
  for (const auto& [name, count] : by_hand) total += count;
  EXPECT_EQ(total, 40'815'200);
  EXPECT_EQ(cost.macs, total);
}

}  // namespace
}  // namespace excite
