// evaluate, and the options that it shares with predict: image folders, crops, names and order of
// the classes, and the CSV file of all probabilities.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/kernels/softmax.h"
#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/data/resize_crop.h"

namespace excite {
namespace {

struct Evaluate : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors", data = folder / "data";
  const Preprocessing preprocessing{
      {"ant", "bee", "cat"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 32, 40};
  Model model = [] {
    Rng rng(5);
    return make_model("se_resnet8", {}, 3, rng);
  }();

  Evaluate() {
    save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
    for (const char* name : {"ant", "bee", "cat"})
      for (long i = 0; i < 3; i++)
        put_image(data + "/test/" + name + text("/", i, ".png"), noise_image(50 + i, 60, i));
  }

  Ending run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"evaluate", "--json", "--weights", weights, "--data", data});
    return excite_program(arguments);
  }
  std::vector<std::vector<std::string>> csv(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--csv", folder / "p.csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ending ending = run(arguments);
    EXPECT_EQ(ending.code, 0) << ending.err;
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : split(get(folder / "p.csv"), '\n'))
      if (!line.empty()) rows.push_back(split(line, ','));
    return rows;
  }
};

TEST_F(Evaluate, WritesTheProbabilitiesOfEachImageOfAFolder) {
  const auto rows = csv({});
  ASSERT_EQ(rows.size(), 10u);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"image", "label", "ant", "bee", "cat"}));
  EXPECT_EQ(rows[2][0], data + "/test/bee/0.png");
  EXPECT_EQ(rows[2][1], "bee");
  for (std::size_t i = 1; i < rows.size(); i++)
    EXPECT_NEAR(std::stod(rows[i][2]) + std::stod(rows[i][3]) + std::stod(rows[i][4]), 1, 1e-5)
        << i;
  const nlohmann::json json = nlohmann::json::parse(run({}).out);
  EXPECT_EQ(json["images"], 9);
  EXPECT_EQ(json["per_class"][2]["images"], 3);
}

TEST_F(Evaluate, UsesThePrecisionThatWasAskedFor) {
  if (!program_has_bfloat16()) {
    expect_failure(run({"--precision", "bf16"}), 1,
                   {"evaluate: bfloat16: this build has no bfloat16 products"});
    return;
  }
  const auto full = csv({}), rounded = csv({"--precision", "bf16"});
  EXPECT_NE(full, rounded);
  for (std::size_t i = 1; i < full.size(); i++)
    for (int k = 2; k < 5; k++)
      EXPECT_NEAR(std::stod(full[i][k]), std::stod(rounded[i][k]), 0.05) << i;
}

// The expected value is computed from the definition: the mean of the probabilities of the crops.
TEST_F(Evaluate, AveragesTheProbabilitiesOfTheCrops) {
  const Image whole = resize_short_side(noise_image(50, 60, 0), 40);
  const std::vector<std::pair<std::vector<std::string>, Crops>> cases{
      {{}, Crops::center}, {{"--flip"}, Crops::center_and_flip}, {{"--crops", "10"}, Crops::ten}};
  for (const auto& [words, crops] : cases) {
    std::vector<double> mean(3);
    for (const CropWindow& v : make_crop_windows(whole.height, whole.width, 32, 32, crops)) {
      const Image window = crop(whole, v.top, v.left, 32, 32);
      Tensor x({1, 32, 32, 3});
      for (long i = 0; i < x.size(); i++) {
        const long column = i / 3 % 32, from = i + 3 * (v.flipped ? 31 - 2 * column : 0);
        const auto c = static_cast<std::size_t>(i % 3);
        x[i] = static_cast<real>((window.pixels[from] / 255.0 - preprocessing.mean[c]) /
                                 preprocessing.deviation[c]);
      }
      const Tensor p = softmax(model(std::move(x), Mode::eval)->value);
      for (long k = 0; k < 3; k++)
        mean[k] += static_cast<double>(p[k]) / static_cast<double>(crop_count(crops));
    }
    const auto rows = csv(words);
    for (std::size_t k = 0; k < 3; k++)
      EXPECT_NEAR(std::stod(rows[1][2 + k]), mean[k], 2e-5) << join(words, " ");
  }
}

// All implementations compute the same probabilities, up to rounding.
TEST_F(Evaluate, GivesTheSameResultWithEveryImplementation) {
  const auto expected = csv({});
  for (const char* words :
       {"--plain", "--conv blas", "--conv direct", "--conv reference", "--plain --conv blas"}) {
    const auto rows = csv(split(words, ' '));
    ASSERT_EQ(rows.size(), expected.size()) << words;
    for (std::size_t i = 1; i < rows.size(); i++)
      for (std::size_t k = 2; k < 5; k++)
        EXPECT_NEAR(std::stod(rows[i][k]), std::stod(expected[i][k]), 1e-4) << words;
  }
  expect_failure(run({"--conv", "fast"}), 2,
                 {"--conv fast: expected auto, blas, direct, reference"});
}

TEST_F(Evaluate, RefusesCropsThatCannotBeCombined) {
  expect_failure(run({"--crops", "5"}), 2, {"--crops 5: expected 1 or 10"});
  expect_failure(run({"--crops", "10", "--flip"}), 2,
                 {"--flip cannot be combined with --crops 10"});
  expect_failure(run({"--resize", "nearest"}), 2,
                 {"--resize nearest: expected bilinear or bicubic"});
}

TEST_F(Evaluate, RenamesAndReordersTheClasses) {
  const auto plain = csv({});
  Preprocessing nameless = preprocessing;
  nameless.classes = {"0", "1", "2"};
  save_tensors(weights, describe(model, nameless), state_of(model.module()));
  expect_failure(run({}), 3,
                 {"class 0 is '0', expected 'ant' as in " + data, "--labels", "--class-order"});
  put(folder / "labels.txt", "ant\nbee\r\ncat\n");
  EXPECT_EQ(csv({"--labels", folder / "labels.txt"}), plain);
  put(folder / "order.txt", "2\n0\n1\n");
  const auto moved =
      csv({"--labels", folder / "labels.txt", "--class-order", folder / "order.txt"});
  for (std::size_t i = 1; i < plain.size();
       i++)  // equal up to rounding: softmax sums in another order
    for (std::size_t k = 0; k < 3; k++)
      EXPECT_NEAR(std::stod(moved[i][2 + k]), std::stod(plain[i][2 + (k + 2) % 3]), 1e-6);
  const Ending predicted =
      excite_program({"predict", "--csv", folder / "q.csv", "--weights", weights, "--class-order",
                      folder / "order.txt", data + "/test/ant"});
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_EQ(split(get(folder / "q.csv"), '\n')[0], "image,label,2,0,1");
  EXPECT_EQ(split(split(get(folder / "q.csv"), '\n')[1], ',')[2], moved[1][2]);
}

TEST_F(Evaluate, NamesTheInvalidLineOfAClassFile) {
  const auto fails = [&](const std::string& option, const std::string& lines,
                         const std::string& words) {
    put(folder / "f.txt", lines);
    expect_failure(run({option, folder / "f.txt"}), 3, {"f.txt: " + words});
  };
  fails("--labels", "a\nb\n", "2 lines, expected 3");
  fails("--labels", "a\n\nc\n", "line 2 is empty");
  fails("--class-order", "0\n1\n", "2 lines, expected 3");
  fails("--class-order", "0\n1\n1\n", "line 3 has 1, which line 2 has too");
  fails("--class-order", "0\n3\n1\n", "line 2 is '3', expected a number from 0 to 2");
  fails("--class-order", "0\n1\ntwo\n", "line 3 is 'two'");
}

// The header stays intact, so the damage is found only by decoding.
void damage_a_pixel(const std::string& path) {
  std::string bytes = get(path);
  bytes[bytes.size() - 20] ^= 1;
  put(path, bytes);
}

TEST_F(Evaluate, SkipsADamagedImageOrStopsWithStrict) {
  damage_a_pixel(data + "/test/bee/2.png");
  const Ending ending = run({});
  EXPECT_EQ(ending.code, 0);
  EXPECT_EQ(nlohmann::json::parse(ending.out)["images"], 8);
  expect_contains(ending.err, "excite: skipped " + data + "/test/bee/2.png");
  expect_failure(run({"--strict", "--batch", "1", "--csv", folder / "p.csv"}), 3,
                 {data + "/test/bee/2.png"});
  for (const std::string& file : folder.files())
    EXPECT_EQ(file.find("p.csv"), std::string::npos) << file;
}

TEST_F(Evaluate, ContinuesAfterABatchWithoutReadableImages) {
  const nlohmann::json whole = nlohmann::json::parse(run({"--batch", "1"}).out);
  damage_a_pixel(data + "/test/bee/0.png");
  const Ending ending = run({"--batch", "1"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  const nlohmann::json rest = nlohmann::json::parse(ending.out);
  EXPECT_EQ(rest["images"], 8);
  EXPECT_EQ(rest["confusion"][2], whole["confusion"][2]);
  for (const char* name : {"ant", "bee", "cat"})
    for (const char* number : {"0", "1", "2"})
      if (data + name + number != data + "bee0")
        damage_a_pixel(data + "/test/" + name + "/" + number + ".png");
  const Ending none = run({"--batch", "1"});
  EXPECT_EQ(none.code, 3);
  expect_contains(none.err, "of 9 images none could be decoded");
}

TEST_F(Evaluate, AveragesFilesWithOtherClassNamesOnlyWithLabels) {
  Preprocessing other = preprocessing;
  other.classes = {"0", "1", "2"};
  save_tensors(folder / "v.safetensors", describe(model, other), state_of(model.module()));
  put(folder / "labels.txt", "ant\nbee\ncat\n");
  expect_failure(run({"--weights", folder / "v.safetensors"}), 3,
                 {"ensemble: the 3 classes of ", "v.safetensors are not the 3 classes of "});
  const nlohmann::json ensemble = nlohmann::json::parse(
      run({"--weights", folder / "v.safetensors", "--labels", folder / "labels.txt"}).out);
  EXPECT_NEAR(ensemble["loss"], nlohmann::json::parse(run({}).out)["loss"], 1e-6);
  EXPECT_EQ(ensemble["per_class"][1]["class"], "bee");
  other.classes = {"0", "1"};
  Rng rng(5);
  const Model smaller = make_model("se_resnet8", {}, 2, rng);
  save_tensors(folder / "v.safetensors", describe(smaller, other), state_of(smaller.module()));
  expect_failure(run({"--weights", folder / "v.safetensors", "--labels", folder / "labels.txt"}), 3,
                 {"the 2 classes of ", "v.safetensors are not the 3 classes of "});
}

}  // namespace
}  // namespace excite
