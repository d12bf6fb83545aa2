// What untrusted files say is printed without harm: nothing that a terminal obeys reaches standard
// output or standard error, whether a command succeeds or fails, and drawings are valid XML.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Escape sequences in C0 and C1, text that runs backwards, a line of its own, and invisible
// letters.
const std::string hostile = "x\x1b[31m\u009b2J\r\u202eexe.\u2066\u2028\U000e0041\x7f\ufeff";

// Line breaks are ours; all else has to be printable.
void expect_printable(const std::string& printed) {
  for (const std::string& line : split(printed, '\n')) EXPECT_EQ(printable(line), line);
}

struct HostileText : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / (hostile + ".safetensors"), data = folder / hostile,
                    first = "a" + hostile, image = data + "/test/" + first + "/" + hostile + ".png",
                    run = folder / ("run" + hostile), broken = "\xff\xfe broken \xed\xa0\x80",
                    tensors = folder / ("in" + hostile);
  HostileText() {
    Rng rng(5);
    const Model model = make_model("se_resnet8", {}, 2, rng);
    const Preprocessing preprocessing{
        {first, "b" + hostile}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 32, 32};
    Metadata metadata = describe(model, preprocessing);
    metadata["note " + hostile] = hostile;
    save_tensors(weights, metadata, state_of(model.module()));
    for (const std::string& name : preprocessing.classes)
      for (const char* part : {"train", "test"})
        for (long i = 0; i < 4; i++)
          put_image(data + "/" + part + "/" + name + "/" + hostile + text(i ? text(i) : "", ".png"),
                    noise_image(32, 32, i));
    put(data + "/test/" + first + "/z" + hostile + ".png", "no image");
    put(data + "/train/" + first + "/z" + hostile + broken + ".png", "no image");
    const Tensor input = full({2, 3, 32, 32}, 1);
    write_safetensors(tensors, {}, {{"input", &input}, {"x", &input}});
  }
  Ending expect_harmless(const std::vector<std::string>& command) {
    SCOPED_TRACE(command[0]);
    const Ending ended = excite_program(command);
    expect_printable(ended.out);
    expect_printable(ended.err);
    EXPECT_LT(ended.code, 128) << command[0];
    return ended;
  }
};

TEST_F(HostileText, OfNamesMetadataAndPathsIsPrintedWithoutHarm) {
  std::vector<std::vector<std::string>> commands{
      {"inspect", weights},
      {"inspect", weights, "--json"},
      {"evaluate", "--weights", weights, "--data", data},
      {"evaluate", "--weights", weights, "--data", data, "--json"},
      {"predict", "--weights", weights, image},
      {"predict", "--weights", weights, image, "--json"},
      {"predict", "--weights", weights, data},
      {"predict", "--weights", weights, data, "--json"},
      {"images", "--data", data, "--out", folder / (hostile + ".png")},
      {"summary", "--weights", weights},
      {"convert", weights, folder / (hostile + "2"), "--to", "excite"},
      {"train", "--weights", weights, "--data", data, "--batch", "2", "--epochs", "1", "--out",
       run},
      {"train", "--resume", "--out", run},
      {"plot", run, "--out", folder / (hostile + ".svg")}};
  for (const std::vector<std::string>& command : commands) {
    const Ending ended = expect_harmless(command);
    EXPECT_EQ(ended.code, 0) << join(command, " ") << ": " << ended.err;
  }
  const nlohmann::json json =
      nlohmann::json::parse(excite_program({"predict", "--weights", weights, image, "--json"}).out);
  EXPECT_EQ(json["images"][0]["file"], image);  // JSON keeps the exact text
}

TEST_F(HostileText, OfErrorsIsPrintedWithoutHarm) {
  const std::string absent = folder / ("absent" + hostile + broken);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {hostile},
           {"train", "--" + hostile},
           {"train", "--model", hostile + broken},
           {"train", "--epochs", hostile},
           {"train", "--set", hostile + "=" + hostile},
           {"train", "--augment", hostile},
           {"train", "--milestones", hostile, "--schedule", "multistep"},
           {"train", "--data", absent},
           {"train", "--resume", "--out", absent},
           {"train", "--weights", absent},
           {"train", "--out", data},
           {"inspect", absent},
           {"inspect", data},
           {"evaluate", "--weights", weights, "--data", "builtin"},
           {"evaluate", "--weights", weights, "--data", data, "--strict"},
           {"evaluate", "--weights", weights, "--data", data, "--csv", absent + "/x"},
           {"evaluate", "--weights", weights, "--labels", tensors},
           {"predict", "--weights", weights, absent},
           {"predict", "--weights", weights, "--tensors", weights, "--out", absent},
           {"predict", "--weights", weights, "--tensors", tensors, "--out", absent + "/x"},
           {"backward", "--weights", weights, "--tensors", tensors, "--out", absent},
           {"convert", weights, weights, "--to", "excite"},
           {"convert", weights, absent, "--to", hostile},
           {"roofline", tensors, "--out", folder / "x.svg"},
           {"plot", tensors, "--out", folder / "x.svg"},
           {"plot", run, "--out", absent}}) {
    const Ending ended = expect_harmless(command);
    EXPECT_NE(ended.code, 0) << join(command, " ");
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n') >= 1, true)
        << join(command, " ");
  }
}

// The configuration of a run that somebody else made.
TEST_F(HostileText, OfAConfigurationIsPrintedWithoutHarm) {
  const std::string command = "--model se_resnet8 --limit 8 --batch 4 --epochs 1 --out ";
  std::vector<std::string> words = split("train " + command, ' ');
  words.push_back(run);
  ASSERT_EQ(excite_program(words).code, 0);
  const nlohmann::json config = nlohmann::json::parse(get(run + "/config.json"));
  for (const char* field : {"version", "cpu", "data", "precision", "recipe"}) {
    nlohmann::json changed = config;
    changed[field] = hostile;
    put(run + "/config.json", changed.dump());
    expect_harmless({"train", "--resume", "--out", run});
  }
  for (const auto& [field, value] : config["recipe"].items()) {
    nlohmann::json changed = config;
    changed["recipe"][field] = hostile;
    changed["recipe"][hostile] = value;
    put(run + "/config.json", changed.dump());
    expect_harmless({"train", "--resume", "--out", run});
  }
}

TEST_F(HostileText, OfDrawingsIsValidXml) {
  const std::string log = get("tools/training/se_resnet20-builtin.csv");
  const std::string name = folder / ("<&\"'>" + hostile + broken + ".csv"), out = folder / "x.svg";
  put(name, log);
  ASSERT_EQ(excite_program({"plot", name, "--out", out}).code, 0);
  const std::string svg = get(out);
  expect_printable(svg);
  EXPECT_TRUE(is_utf8(svg));
  expect_contains(svg, "&lt;&amp;&quot;'&gt;x?[31m?2J??exe.");
  EXPECT_EQ(
      shell("python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' " + out)
          .code,
      0);
}

}  // namespace
}  // namespace excite
