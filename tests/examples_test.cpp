// The programs of tools/examples do what they say: in this tree, and built by another project with
// the installed library.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <regex>

#include "core/files/safetensors.h"
#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/markdown.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::string examples = "tools/examples", net = "se_resnet20-cifar10.safetensors";

std::string built(const std::string& name) {
  return (std::filesystem::path(program()).parent_path() / "examples" / name).string();
}

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).string(); }

// Runs an example in a folder of its own, as some write files.
Ending run(const ScratchFolder& folder, const std::string& name,
           std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), built(name));
  return Child(arguments, folder.path()).wait();
}

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

TEST(Examples, EachHas20To90Lines) {
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    const std::string path = entry.path();
    if (!path.ends_with(".cpp")) continue;
    const std::size_t lines = split(get(path), '\n').size();
    EXPECT_GE(lines, 20u) << path;
    EXPECT_LE(lines, 90u) << path;
    expect_contains(get(examples + "/README.md"), "](" + entry.path().filename().string() + ")");
  }
}

TEST(Examples, ScalarPrintsTheGradientsThatItsCommentDerives) {
  const ScratchFolder folder;
  const Ending o = run(folder, "scalar");
  EXPECT_EQ(o.code, 0) << o.err;
  const std::string first_step = o.out.substr(0, o.out.find("step 1"));
  for (const char* derived : {"z = 1.0000", "y = 0.7311", "loss = 0.5344", "dloss/dw1 = -0.2875",
                              "dloss/dw2 = -0.5749", "dloss/db = 0.2875"})
    expect_contains(first_step, derived);
  const std::string comment = get(examples + "/scalar.cpp");
  for (const std::string& number : matches(first_step, "= (-?[0-9]+[.][0-9]+)"))
    if (number != "1.0000") expect_contains(comment, number);
}

TEST(Examples, XorIsLearned) {
  const ScratchFolder folder;
  const Ending o = run(folder, "xor");
  EXPECT_EQ(o.code, 0) << o.err;
  expect_contains(o.out, "accuracy 100 %\n0 xor 0");
  const std::vector<std::string> p = matches(o.out, "probability ([0-9.e-]+)");
  ASSERT_EQ(p.size(), 4u) << o.out;
  for (const int row : {0, 3}) EXPECT_LT(std::stod(p[row]), 0.1) << "row " << row;
  for (const int row : {1, 2}) EXPECT_GT(std::stod(p[row]), 0.9) << "row " << row;
}

TEST(Examples, TheGradientOfTheOwnOperationIsRightAndTheMistakeIsFound) {
  const ScratchFolder folder;
  const Ending o = run(folder, "own_op");
  EXPECT_EQ(o.code, 0) << o.err;
  expect_contains(o.out, "squared_distance: gradient check passed: 24 derivatives");
  expect_contains(o.out, "mistaken_square: gradient check failed: input 0 [3, 4]");
}

TEST(LongExamples, SeCnnLearnsAndComputesTheSameAfterSavingAndLoading) {
  const ScratchFolder folder;
  const Ending o = run(folder, "se_cnn");
  EXPECT_EQ(o.code, 0) << o.out << o.err;
  const std::vector<std::string> accuracies = matches(o.out, "test accuracy ([0-9.]+) %");
  ASSERT_FALSE(accuracies.empty()) << o.out;
  EXPECT_GE(std::stod(accuracies.back()), 80) << o.out;
  expect_contains(o.out, "loaded: the same logits");
  EXPECT_EQ(folder.files(), std::vector<std::string>{"se_cnn.safetensors"});
}

TEST(Examples, OwnNetworkLearnsAndClassifies) {
  const ScratchFolder folder;
  const Ending o = run(folder, "own_network");
  EXPECT_EQ(o.code, 0) << o.out << o.err;
  const std::vector<std::string> accuracies = matches(o.out, "test accuracy ([0-9.]+) %"),
                                 right = matches(o.out, "classifier: ([0-9]+) of 100");
  ASSERT_EQ(accuracies.size(), 4u) << o.out;
  ASSERT_EQ(right.size(), 1u) << o.out;
  EXPECT_GE(std::stod(accuracies.back()), 40) << o.out;
  EXPECT_NEAR(std::stod(right[0]), std::stod(accuracies.back()), 15);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"own_network.safetensors"});
}

TEST(Examples, FineTuneTrainsTheClassifierAloneAndResumesWithTheSameBits) {
  const ScratchFolder whole, stopped;
  const std::string weights = absolute(examples + "/" + net), tuned = "fine_tune.safetensors";
  const Ending o = run(whole, "fine_tune", {weights, "4"});
  EXPECT_EQ(o.code, 0) << o.err;
  const std::vector<std::string> accuracies = matches(o.out, "accuracy ([0-9.]+) %");
  ASSERT_EQ(accuracies.size(), 4u) << o.out;
  EXPECT_GE(std::stod(accuracies.back()), 95) << o.out;

  EXPECT_EQ(run(stopped, "fine_tune", {weights, "2"}).code, 0);
  const Ending resumed = run(stopped, "fine_tune", {weights, "4"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(resumed.out.find("epoch 2"), std::string::npos) << resumed.out;
  EXPECT_TRUE(get(stopped / tuned) == get(whole / tuned));

  const SafetensorsFile before(weights), after(whole / tuned);
  for (const std::string& name : before.names()) {
    if (name.starts_with("fc.")) continue;
    const Tensor a = before.read(name), b = after.read(name);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << name;
  }
  const Ending predicted =
      excite_program({"predict", "--weights", whole / tuned, absolute(examples + "/cat.jpg")});
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  expect_contains(predicted.out, "horizontal");
}

const std::string checkpoint = "train_cifar.safetensors";
const std::vector<std::string> two_epochs{"builtin", "2", "256"};

TEST(Examples, TrainCifarWritesTheCheckpointOfTheProgram) {
  const ScratchFolder folder;
  const Ending o = run(folder, "train_cifar", two_epochs);
  EXPECT_EQ(o.code, 0) << o.err;
  const Ending trained = excite_program({"train", "--data", "builtin", "--val", "none", "--epochs",
                                         "2", "--limit", "256", "--out", folder / "run"});
  EXPECT_EQ(trained.code, 0) << trained.err;
  EXPECT_TRUE(get(folder / checkpoint) == get(folder / "run/last.safetensors"));
}

TEST(Examples, TrainCifarContinuesWhereItWasKilled) {
  const ScratchFolder whole, killed;
  EXPECT_EQ(run(whole, "train_cifar", two_epochs).code, 0);
  {
    Child child({built("train_cifar"), "builtin", "2", "256"}, killed.path());
    while (child.running() && !std::filesystem::exists(killed / checkpoint)) usleep(1000);
    child.signal(SIGKILL);
    child.wait();
  }
  const Ending resumed = run(killed, "train_cifar", two_epochs);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(resumed.out.find("epoch 1/2"), std::string::npos) << resumed.out;
  expect_contains(resumed.out, "epoch 2/2");
  EXPECT_TRUE(get(killed / checkpoint) == get(whole / checkpoint));
}

TEST(Examples, TrainCifarSaysWhatIsWrongWithItsArguments) {
  const ScratchFolder folder;
  const Ending no_folder = run(folder, "train_cifar", {"no-such-folder"});
  EXPECT_EQ(no_folder.code, 1);
  expect_contains(no_folder.err, "train_cifar: no-such-folder");
  const Ending no_number = run(folder, "train_cifar", {"builtin", "two"});
  EXPECT_EQ(no_number.code, 1);
  expect_contains(no_number.err, "epochs 0");
}

// ---- the trained network ----

TEST(Examples, ClassifySaysTheSameAsPredict) {
  const ScratchFolder folder;
  const std::string weights = absolute(examples + "/" + net),
                    image = absolute(examples + "/cat.jpg");
  const Ending o = run(folder, "classify", {weights, image});
  EXPECT_EQ(o.code, 0) << o.err;
  const Ending p = excite_program({"predict", "--weights", weights, "--top", "5", image});
  EXPECT_EQ(p.code, 0) << p.err;
  EXPECT_EQ(matches(o.out, "\n +([a-z]+ +[0-9.]+ %)"), matches(p.out, "\n +([a-z]+ +[0-9.]+ %)"));
  EXPECT_EQ(matches(o.out, "\n +([a-z]+) +[0-9.]+ %").front(), "cat") << o.out;
}

TEST(Examples, ClassifyRejectsAFileThatIsNoImage) {
  const ScratchFolder folder;
  put(folder / "no.jpg", "no image");
  const Ending o = run(folder, "classify", {absolute(examples + "/" + net), "no.jpg"});
  EXPECT_EQ(o.code, 1);
  expect_contains(o.err, "no.jpg");
}

// The weights alone: a checkpoint with the optimizer's state would be twice as large.
TEST(Examples, TheTrainedNetworkIsSmallAndNamesItsClasses) {
  const std::string path = examples + "/" + net;
  EXPECT_LT(std::filesystem::file_size(path), 1'200'000u);
  const Ending o = excite_program({"inspect", path});
  EXPECT_EQ(o.code, 0) << o.err;
  for (const char* words : {"se_resnet20", "\"airplane\"", "\"truck\""})
    expect_contains(o.out, words);
  EXPECT_EQ(o.out.find("optimizer."), std::string::npos);
}

// ---- another project ----

struct InstalledExamples : testing::Test {
  const ScratchFolder folder;
  const std::string prefix = folder / "stage/opt/excite";

  // As in install_test.cpp: `-o all` installs what is already built.
  void SetUp() override {
    const std::string build = std::filesystem::path(program()).parent_path();
    const Ending made = shell("env -u MAKEFLAGS make -s -o all install BUILD=" + build +
                              " DESTDIR=" + folder / "stage" + " PREFIX=/opt/excite");
    ASSERT_EQ(made.code, 0) << made.out << made.err;
    std::filesystem::copy(examples, folder / "project");
  }
};

struct LongInstalledExamples : InstalledExamples {};
TEST_F(LongInstalledExamples, CMakeBuildsAllOfThem) {
  const std::string project = folder / "project";
  const Ending o = shell("cd " + project +
                         " && CXXFLAGS=\"$EXTRA -Wall -Wextra -Werror\" cmake -B build"
                         " -DCMAKE_PREFIX_PATH=" +
                         prefix +
                         " >&2 && cmake --build build -j $(nproc) >&2"
                         " && build/scalar && build/xor && build/own_op");
  EXPECT_EQ(o.code, 0) << o.err;
  expect_contains(o.out, "1 xor 1");
  expect_contains(o.out, "gradient check passed");
  for (const char* name : {"se_cnn", "own_network", "fine_tune", "train_cifar", "classify"})
    EXPECT_TRUE(std::filesystem::exists(project + "/build/" + name)) << name;
}

// The two commands of the README, where PREFIX stands for the folder of the library.
TEST_F(InstalledExamples, TheCommandsOfTheReadmeBuildThem) {
  for (const char* line :
       {"    g++ -O2 xor.cpp $(pkg-config --cflags --libs excite) -o xor\n",
        "    g++ -O2 own_op.cpp $(pkg-config --cflags --libs excite-double) -o own_op\n"}) {
    expect_contains(get(examples + "/README.md"), line);
    const Ending o = shell("cd " + folder / "project" + " && export PKG_CONFIG_PATH=" + prefix +
                           "/lib/pkgconfig && " + std::string(line).replace(4, 3, "g++ $EXTRA"));
    EXPECT_EQ(o.code, 0) << o.err;
  }
  EXPECT_EQ(shell(folder / "project/xor && " + folder / "project/own_op").code, 0);
}

}  // namespace
}  // namespace excite
