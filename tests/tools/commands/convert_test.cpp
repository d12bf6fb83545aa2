#include <gtest/gtest.h>

#include "core/images/image.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Convert : testing::Test {
  ScratchFolder folder;
  const std::string ours = folder / "ours.safetensors", theirs = folder / "theirs.safetensors",
                    again = folder / "again.safetensors";
  const Preprocessing preprocessing{{"ant", "bee", "cat"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}};

  Model saved(const std::string& name, const Settings& options) {
    Rng rng(5);
    Model model = make_model(name, options, 3, rng);
    save_tensors(ours, describe(model, preprocessing), state_of(model.module()));
    return model;
  }
};

TEST_F(Convert, WritesAnotherProgramsNamesShapesAndCountersAndConvertsBackToTheSameBits) {
  const Model model = saved("se_resnet18", {{"stem_pool", "floor"}, {"se_least", "8"}});
  const Ending there = excite_program({"convert", ours, theirs, "--to", "timm"});
  ASSERT_EQ(there.code, 0) << there.err;
  EXPECT_EQ(there.out,
            theirs + ": se_resnet18, 3 classes, 11,268,163 parameters, in the format of timm\n");
  const SafetensorsFile file(theirs);
  EXPECT_EQ(file.names().size(), 154u);
  EXPECT_EQ(file.entry("layer1.0.se.fc1.weight").dims, (std::vector<long>{8, 64, 1, 1}));
  EXPECT_EQ(file.entry("fc.weight").dims, (std::vector<long>{3, 512}));
  EXPECT_EQ(file.entry("layer4.1.bn2.num_batches_tracked").dims, std::vector<long>{});
  EXPECT_EQ(file.read_integers("layer4.1.bn2.num_batches_tracked"), std::vector<long>{0});

  const Ending back =
      excite_program({"convert", theirs, again, "--to", "excite", "--set", "se_fc=linear"});
  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_TRUE(get(again) == get(ours));
}

TEST_F(Convert, ReadsAnotherProgramsFileAndNamesTheInferredModel) {
  const Model model = saved("se_resnet20", {{"se_bias", "off"}, {"reduction", "4"}});
  ASSERT_EQ(excite_program({"convert", ours, theirs, "--to", "moskomule"}).code, 0);
  const SafetensorsFile file(theirs);
  EXPECT_TRUE(file.contains("layer1.0.se.fc.0.weight"));
  EXPECT_EQ(file.entry("layer1.0.se.fc.2.weight").dims, (std::vector<long>{16, 4}));
  EXPECT_EQ(load_model(file).preprocessing.classes, preprocessing.classes)
      << "the classes are kept";

  std::vector<TensorToWrite> bare;  // as PyTorch saves it again, without our metadata
  std::vector<Tensor> tensors;
  for (const std::string& name : file.names())
    if (!is_counter(name)) tensors.push_back(file.read(name));
  std::size_t i = 0;
  for (const std::string& name : file.names())
    if (!is_counter(name)) bare.push_back({name, &tensors[i++]});
  write_safetensors(theirs, {}, bare);
  const Ending back = excite_program({"convert", theirs, again, "--to", "excite"});
  ASSERT_EQ(back.code, 0) << back.err;
  expect_contains(back.err,
                  "theirs.safetensors: read as moskomule's se_resnet20 with "
                  "reduction=4,se_bias=off,se_fc=linear");
  const TrainedModel loaded = load_model(SafetensorsFile(again));
  EXPECT_EQ(loaded.origin, "");
  const NamedTensors before = state_of(model.module()), after = state_of(loaded.model.module());
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t t = 0; t < before.size(); t++)
    EXPECT_TRUE(same_bits(*after[t].second, *before[t].second)) << before[t].first;
}

// For a file without our metadata the usual image sizes are assumed, and the converted file has
// them in its metadata.
TEST_F(Convert, PredictsTheSameAfterConvertingAFileWithoutMetadata) {
  Rng rng(5);
  const Model model = make_model("se_small_resnet", {}, 3, rng);
  save_tensors(theirs, {}, state_of(model.module()));
  write_png(folder / "a.png", noise_image(90, 120, 1));
  ASSERT_EQ(excite_program({"convert", theirs, ours, "--to", "excite"}).code, 0);
  const auto predicted = [&](const std::string& weights) {
    const Ending ending = excite_program(
        {"predict", "--weights", weights, "--csv", folder / "p.csv", folder / "a.png"});
    EXPECT_EQ(ending.code, 0) << ending.err;
    return get(folder / "p.csv");
  };
  EXPECT_EQ(predicted(ours), predicted(theirs));
}

TEST_F(Convert, NeverOverwritesItsInput) {
  saved("se_resnet20", {});
  const std::string before = get(ours), link = folder / "link.safetensors";
  std::filesystem::create_symlink(ours, link);
  for (const auto& [in, out] : {std::pair{ours, ours}, {ours, link}, {link, ours}})
    expect_failure(excite_program({"convert", in, out, "--to", "timm-legacy"}), 2,
                   {"convert: the output " + out + " is the input " + in});
  EXPECT_TRUE(get(ours) == before);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(Convert, RefusesAModelThatTheOtherProgramDoesNotHave) {
  saved("se_resnet20", {});
  expect_failure(excite_program({"convert", ours, theirs, "--to", "timm"}), 2,
                 {"timm has no se_resnet20; the same network is in: excite"});
  expect_failure(excite_program({"convert", ours, theirs, "--to", "keras"}), 2,
                 {"there is no format 'keras'", "timm-legacy"});
  expect_failure(excite_program({"convert", ours, theirs, "--to", "excite", "--model", "resnet20"}),
                 3,
                 {"its tensors are not those of resnet20", "unexpected: layer1.0.se.fc1.weight",
                  "they fit se_resnet20"});
  expect_failure(excite_program({"convert", ours, theirs}), 2, {"--to"});
  EXPECT_FALSE(std::filesystem::exists(theirs));
}

}  // namespace
}  // namespace excite
