#include "models/interop/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/memory.h"
#include "core/shapes_only.h"
#include "models/interop/recognize.h"
#include "models/zoo/registry.h"

namespace excite {
namespace {

TensorShapes shapes_of_model(const std::string& name, const Settings& options, long classes = 10) {
  const ShapesOnly no_numbers;
  Rng rng = Rng::silent();
  return shapes_of(state_of(make_model(name, options, classes, rng).module()));
}

// Each option that is inferred from a file, with a value that is no default.
const std::vector<std::pair<std::string, std::string>> inferred{
    {"dropout", "0.3"}, {"reduction", "5"},     {"relu_before_se", "on"}, {"se_bias", "off"},
    {"se_fc", "1x1"},   {"se_least", "9"},      {"se_stages", "3"},       {"shortcut", "A"},
    {"stem", "3x3"},    {"stem_pool", "floor"}, {"stride_on", "3x3"}};

const Candidate& of_model(const std::vector<Candidate>& all, const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.model == name; });
}

// Otherwise recognize would not try the model that has these tensors.
TEST(Candidates, OfAModelWithAnyInferredOptionHaveNoDifferences) {
  for (const ModelEntry& entry : model_list())
    for (const std::string& name : {entry.name, entry.small_variant}) {
      Settings all_at_once;
      std::vector<Settings> variants{{}};
      for (const auto& [key, value] : inferred)
        if (entry.defaults.contains(key))
          variants.push_back({{key, value}}), all_at_once[key] = value;
      variants.push_back(all_at_once);
      for (const Settings& options : variants) {
        const std::vector<Candidate> all = candidates(shapes_of_model(name, options));
        EXPECT_EQ(of_model(all, name).least_differences, 0u) << name << " " << to_string(options);
        EXPECT_TRUE(of_model(all, name).fits_in_depth) << name << " " << to_string(options);
      }
    }
}

TEST(Candidates, FitInAnyDepth) {
  for (const ModelEntry& entry : model_list()) {
    if (!entry.defaults.contains("blocks")) continue;
    const bool is_cifar = entry.small_variant.ends_with("resnet8");
    const Settings deeper{{"blocks", is_cifar ? "4,4,4" : "1,4,2,1"}};
    const std::vector<Candidate> all = candidates(shapes_of_model(entry.name, deeper));
    EXPECT_TRUE(of_model(all, entry.name).fits_in_depth) << entry.name;
  }
  EXPECT_FALSE(of_model(candidates(shapes_of_model("resnet18", {})), "resnet50").fits_in_depth);
}

// Otherwise recognize would leave out a nearer model.
TEST(Candidates, NeverHaveFewerDifferencesThanPromised) {
  const std::vector<ModelEntry>& list = model_list();
  for (std::size_t i = 0; i < list.size(); i++) {
    TensorShapes shapes = shapes_of_model(list[i].name, {});
    shapes.erase(shapes.begin());
    shapes["what.is.this"] = {1};
    shapes["layer2.0.conv1.weight"] = {5, 4};
    const std::vector<Candidate> all = candidates(shapes);
    for (std::size_t j = i % 7; j < list.size(); j += 7) {
      const std::string& other = list[j].name;
      const Recognized r = recognize(shapes, own_dialect(), other);
      EXPECT_LE(of_model(all, other).least_differences, r.differences) << list[i].name << other;
    }
  }
}

// Building all models takes longer than anything else that a file can ask for.
TEST(Candidates, AreFewThatCouldHaveTheTensors) {
  for (const ModelEntry& entry : model_list()) {
    const std::vector<Candidate> all = candidates(shapes_of_model(entry.name, {}));
    EXPECT_LE(std::count_if(all.begin(), all.end(),
                            [](const auto& c) { return c.least_differences == 0; }),
              2)
        << entry.name;
  }
  const std::vector<Candidate> all = candidates({{"what.is.this", {1}}});
  const auto few = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.least_differences < b.least_differences;
  });
  EXPECT_GT(few->least_differences, 20u);
}

TEST(Candidates, AndTheirComparisonTakeNoMemoryForNumbers) {
  TensorShapes shapes = shapes_of_model("se_resnet152", {});
  shapes.erase(shapes.begin());
  const MemoryStats before = memory_stats();
  EXPECT_EQ(recognize(shapes, own_dialect()).differences, 1u);
  EXPECT_EQ(memory_stats().allocated, before.allocated);
  EXPECT_EQ(memory_stats().peak, before.peak);
}

}  // namespace
}  // namespace excite
