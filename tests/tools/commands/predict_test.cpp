#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/images/resize.h"
#include "core/kernels/softmax.h"
#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Image noise(long height, long width, long seed) {
  Image image{height, width, {}};
  Rng rng(seed);
  for (long i = 0; i < height * width * 3; i++)
    image.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  return image;
}

struct Predict : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors";
  const Preprocessing preprocessing{{"ant", "bee", "cat"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}};
  Model model = [] {
    Rng rng(5);
    return make_model("se_resnet8", {}, 3, rng);
  }();

  Predict() { save_tensors(weights, describe(model, preprocessing), state_of(model.module())); }

  nlohmann::json predicted(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"predict", "--json", "--weights", weights});
    const Ending ending = excite_program(arguments);
    EXPECT_EQ(ending.code, 0) << ending.err;
    return nlohmann::json::parse(ending.out);
  }
};

// As in training: (p / 255 - mean) / deviation.
TEST_F(Predict, NormalizesAsInTrainingAndSortsByProbability) {
  const Image image = noise(32, 32, 1);
  write_png(folder / "a.png", image);
  Tensor x({1, 32, 32, 3});
  for (long i = 0; i < x.size(); i++) {
    const std::size_t c = static_cast<std::size_t>(i % 3), at = static_cast<std::size_t>(i);
    x[i] = static_cast<real>((image.pixels[at] / 255.0 - preprocessing.mean[c]) /
                             preprocessing.deviation[c]);
  }
  const Tensor expected = softmax(model(std::move(x), Mode::eval)->value);

  const nlohmann::json json = predicted({folder / "a.png"});
  ASSERT_EQ(json["images"].size(), 1u);
  EXPECT_EQ(json["images"][0]["file"], folder / "a.png");
  const nlohmann::json top = json["images"][0]["top"];
  ASSERT_EQ(top.size(), 3u);
  double before = 1;
  for (const auto& prediction : top) {
    const auto label =
        std::find(preprocessing.classes.begin(), preprocessing.classes.end(), prediction["class"]) -
        preprocessing.classes.begin();
    EXPECT_NEAR(prediction["probability"].get<double>(), static_cast<double>(expected[label]),
                1e-5);
    EXPECT_LE(prediction["probability"].get<double>(), before);
    before = prediction["probability"];
  }
}

TEST_F(Predict, AcceptsImagesOfAnySize) {
  const Image large = noise(70, 45, 2);
  write_png(folder / "large.png", large);
  write_png(folder / "small.png", center_crop(resize_short_side(large, 32), 32, 32));
  write_png(folder / "dot.png", noise(1, 1, 3));
  const nlohmann::json json =
      predicted({folder / "large.png", folder / "small.png", folder / "dot.png"});
  ASSERT_EQ(json["images"].size(), 3u);
  EXPECT_EQ(json["images"][0]["top"], json["images"][1]["top"]);
}

TEST_F(Predict, TurnsImagesUprightUnlessTold) {
  const std::string stored = "tests/golden/decoded/exif6.png";
  write_png(folder / "upright.png", read_image(stored));
  write_png(folder / "stored.png", read_image(stored, Exif::ignore));
  const auto top = [&](const std::vector<std::string>& arguments) {
    return predicted(arguments)["images"][0]["top"];
  };
  EXPECT_EQ(top({stored}), top({folder / "upright.png"}));
  EXPECT_EQ(top({"--exif", "ignore", stored}), top({folder / "stored.png"}));
  EXPECT_NE(top({stored}), top({folder / "stored.png"}));
  expect_failure(excite_program({"predict", "--exif", "turn", stored}), 2,
                 {"--exif turn: expected apply or ignore"});
}

// Both the image's size and the weights' are declared by files.
TEST_F(Predict, RefusesWhatNeedsMoreMemoryThanItMayUse) {
  write_png(folder / "a.png", noise(1000, 1000, 1));
  expect_failure(
      excite_program({"predict", "--weights", weights, "--max-memory", "2M", folder.path()}), 1,
      {"a.png: ", " needs ", "but at most 2 MB may be used"});
  Preprocessing large = preprocessing;
  large.image_size = large.short_side = 8192;
  save_tensors(weights, describe(model, large), state_of(model.module()));
  expect_failure(
      excite_program({"predict", "--weights", weights, "--max-memory", "1.5G", folder / "a.png"}),
      1, {"se_resnet8 on 1 image of 8192 x 8192 pixels needs ", "but at most 1500 MB may be used"});
  for (const char* size : {"0", "-1M", "5Q", "G", ""})
    expect_failure(excite_program({"predict", std::string("--max-memory=") + size, "a.png"}), 2,
                   {"expected a size such as 500M or 4G"});
}

TEST_F(Predict, AveragesTheProbabilitiesOfSeveralModels) {
  write_png(folder / "a.png", noise(32, 32, 1));
  const auto always = [&](const std::string& file, double ant, double bee, double cat) {
    for (const Module::Entry& entry : model.module().state()) {
      for (real& v : entry.var->value) v = 0;
      if (entry.name == "fc.bias")
        entry.var->value =
            Tensor({3}, {real(std::log(ant)), real(std::log(bee)), real(std::log(cat))});
    }
    save_tensors(file, describe(model, preprocessing), state_of(model.module()));
  };
  const std::string other = folder / "other.safetensors";
  always(weights, 0.1, 0.6, 0.3);
  always(other, 0.6, 0.1, 0.3);
  const nlohmann::json json =
      predicted({"--weights", other, "--ensemble-weights", "3,1", folder / "a.png"});
  const nlohmann::json top = json["images"][0]["top"];
  EXPECT_EQ(top[0]["class"], "bee");
  EXPECT_NEAR(top[0]["probability"].get<double>(), 0.475, 1e-5);
  EXPECT_EQ(top[2]["class"], "ant");
  EXPECT_NEAR(top[2]["probability"].get<double>(), 0.225, 1e-5);
  const std::map<std::string, std::string> invalid{
      {"3", "--ensemble-weights has 1 numbers for 2 files"},
      {"3,,1", "--ensemble-weights 3,,1: '' is not a number; expected one number per --weights"},
      {"3,1,", "'' is not a number"},
      {"", "'' is not a number"},
      {"3,0", "--ensemble-weights has 0, expected numbers above 0"}};
  for (const auto& [weight_list, expected] : invalid)
    expect_failure(excite_program({"predict", "--weights", weights, "--weights", other,
                                   "--ensemble-weights", weight_list, folder / "a.png"}),
                   2, {expected});
}

TEST_F(Predict, ShowsTheTopClassesWithBars) {
  write_png(folder / "a.png", noise(32, 32, 1));
  for (const Module::Entry& entry : model.module().state()) {
    for (real& v : entry.var->value) v = 0;
    if (entry.name == "fc.bias")
      entry.var->value =
          Tensor({3}, {0, real(std::log(6.0)), real(std::log(3.0))});  // 10 %, 60 %, 30 %
  }
  save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
  const Ending ending =
      excite_program({"predict", "--weights", weights, "--top", "2", folder / "a.png"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  EXPECT_EQ(ending.out, (folder / "a.png") + "\n  bee               60.00 %  " +
                            std::string(24, '#') + "\n  cat               30.00 %  " +
                            std::string(12, '#') + "\n");
}

TEST_F(Predict, AcceptsAnImageOfOneRow) {
  Preprocessing large = preprocessing;
  large.image_size = 224, large.short_side = 256;
  save_tensors(weights, describe(model, large), state_of(model.module()));
  write_png(folder / "a.png", noise(1, 4000, 1));
  EXPECT_EQ(predicted({folder / "a.png"})["images"].size(), 1u);
}

TEST_F(Predict, ReadsFoldersInOrderAndSkipsOtherFiles) {
  std::filesystem::create_directories(folder / "in/side");
  for (const char* name : {"in/b.png", "in/a.png", "in/side/c.png"})
    write_png(folder / name, noise(8, 8, 1));
  put(folder / "in/readme.txt", "no image");
  const nlohmann::json json = predicted({folder / "in"});
  std::vector<std::string> files;
  for (const auto& image : json["images"]) files.push_back(image["file"]);
  EXPECT_EQ(files, (std::vector<std::string>{folder / "in/a.png", folder / "in/b.png",
                                             folder / "in/side/c.png"}));
  ASSERT_EQ(json["skipped"].size(), 1u);
  EXPECT_EQ(json["skipped"][0]["file"], folder / "in/readme.txt");

  const Ending ending = excite_program({"predict", "--weights", weights, folder / "in"});
  EXPECT_EQ(ending.code, 0);
  expect_contains(ending.err, "excite: predict: skipped " + (folder / "in/readme.txt"));
}

TEST_F(Predict, RefusesANamedFileThatIsNotAnImage) {
  put(folder / "readme.txt", "no image");
  expect_failure(excite_program({"predict", "--weights", weights, folder / "readme.txt"}), 3,
                 {"readme.txt"});
  expect_failure(excite_program({"predict", "--weights", weights, folder / "missing.png"}), 3,
                 {"missing.png", "No such file"});
}

TEST_F(Predict, GoesOnAfterABadFileListsItAndExitsWithThree) {
  put(folder / "readme.txt", "no image");
  write_png(folder / "a.png", noise(8, 8, 1));
  write_png(folder / "b.png", noise(8, 8, 2));
  const std::string csv = folder / "p.csv";
  const Ending ending =
      excite_program({"predict", "--weights", weights, "--csv", csv, folder / "a.png",
                      folder / "readme.txt", folder / "missing.png", folder / "b.png"});
  EXPECT_EQ(ending.code, 3);
  for (const char* words : {"skipped ", "readme.txt", "missing.png",
                            "2 files could not be classified (see above); the others were"})
    expect_contains(ending.err, words);
  expect_contains(get(csv), "b.png");
  EXPECT_EQ(split(get(csv), '\n').size(), 3u);
  EXPECT_EQ(excite_program({"predict", "--weights", weights, "--strict", folder / "readme.txt",
                            folder / "a.png"})
                .out,
            "");
}

// Names with a dot are passed over, and a link to a folder above ends nowhere.
TEST_F(Predict, WalksFoldersAsTrainingDoes) {
  for (const char* name : {"in/a.png", "in/.hidden/b.png", "in/.c.png", "in/deep/er/d.png"}) {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    write_png(folder / name, noise(8, 8, 1));
  }
  std::filesystem::create_directory_symlink(folder / "in", folder / "in/deep/up");
  std::vector<std::string> files;
  const nlohmann::json json = predicted({folder / "in"});
  for (const auto& image : json["images"]) files.push_back(image["file"]);
  EXPECT_EQ(files, (std::vector<std::string>{folder / "in/a.png", folder / "in/deep/er/d.png"}));
}

TEST_F(Predict, RefusesAFolderWithoutImages) {
  std::filesystem::create_directories(folder / "empty");
  expect_failure(excite_program({"predict", "--weights", weights, folder / "empty"}), 3,
                 {"empty", "no image that can be read"});
}

TEST_F(Predict, PrintsFileNamesThatAreNotUtf8) {
  const std::string name = folder / "\xff\x1b[31m.png";
  write_png(folder / "a.png", noise(8, 8, 1));
  std::filesystem::rename(folder / "a.png", name);
  EXPECT_EQ(predicted({name})["images"].size(), 1u);  // the JSON is valid
  const std::string out = excite_program({"predict", "--weights", weights, name}).out;
  EXPECT_EQ(out.find('\x1b'), std::string::npos)
      << "a file name sent a control character to the terminal";
}

TEST_F(Predict, RefusesDamagedWeights) {
  write_png(folder / "a.png", noise(8, 8, 1));
  std::string bytes = get(weights);
  bytes[bytes.size() / 2] ^= 1;
  put(weights, bytes);
  expect_failure(excite_program({"predict", "--weights", weights, folder / "a.png"}), 3,
                 {"w.safetensors", "CRC-32C"});
  expect_failure(excite_program({"predict", "--weights", folder / "none", folder / "a.png"}), 3,
                 {"none", "No such file"});
}

}  // namespace
}  // namespace excite
