// The command train: exit codes, output, and the files of a run.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/file_header.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/training/log.h"

namespace excite {
namespace {

Ending outcome_of(const std::string& words) { return excite_program(split(words, ' ')); }
std::vector<std::string> command(const std::string& words) {
  return split(program() + " " + words, ' ');
}

const std::string small = "train --model se_resnet8 --limit 32 --batch 16 ";

// A finished run of one epoch.
std::string finished_run(const ScratchFolder& folder) {
  const std::string run = folder / "run";
  const Ending ended = outcome_of(small + "--epochs 1 --out " + run);
  EXPECT_EQ(ended.code, 0) << ended.err;
  return run;
}

TEST(Train, RecordsTheImplementation) {
  const ScratchFolder folder;
  const std::string words = small + "--plain --conv blas --epochs 2 --out ";
  const Ending ended = outcome_of(words + (folder / "run"));
  ASSERT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json recipe = nlohmann::json::parse(get(folder / "run/config.json")).at("recipe");
  EXPECT_EQ(recipe.at("plain"), true);
  EXPECT_EQ(recipe.at("conv"), "blas");
  const Ending unknown = outcome_of(small + "--conv gemm --out " + (folder / "other"));
  EXPECT_EQ(unknown.code, 2);
  expect_contains(unknown.err, "--conv gemm: expected auto, blas, direct, reference");
}

TEST(Train, PrintsAccuracyWeightsAndTheCommandsToContinueWith) {
  const ScratchFolder folder;
  const Ending ended = outcome_of(small + "--epochs 2 --out " + (folder / "run"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  const std::string last = folder / "run/last.safetensors";
  const std::vector<std::string> lines{"test accuracy: ",
                                       "best epoch: ",
                                       "weights:  " + last,
                                       "evaluate --weights " + last + "\n",
                                       "predict --weights " + last + " IMAGE...",
                                       "train --weights " + last + " --data builtin"};
  for (const std::string& line : lines) expect_contains(ended.out, line);
  expect_contains(ended.out, "\nepoch 1/2  loss ");
  expect_contains(ended.out, "\nepoch 2/2  loss ");
  for (const char* name : {"config.json", "log.csv", "last.safetensors", "best.safetensors"})
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / "run" + "/" + name)) << name;
  EXPECT_EQ(split(get(folder / "run/log.csv"), '\n')[0],
            "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,test_loss,"
            "test_accuracy,learning_rate,gradient_norm,images_per_second,seconds,peak_megabytes,"
            "sent_megabytes,communication_seconds");
  const nlohmann::json config = nlohmann::json::parse(get(folder / "run/config.json"));
  EXPECT_EQ(config.at("version"), EXCITE_VERSION);
  EXPECT_EQ(config.at("recipe").at("options").at("reduction"), "16");
  EXPECT_EQ(config.at("recipe").at("warmup"), 0.4);
  EXPECT_FALSE(config.at("cpu").get<std::string>().empty());
  EXPECT_FALSE(
      header_of(folder / "run/best.safetensors").tensors.contains("optimizer.momentum.fc.bias"));
  EXPECT_TRUE(header_of(last).tensors.contains("optimizer.momentum.fc.bias"));

  const Ending evaluated = outcome_of("evaluate --json --limit 32 --weights " + last);
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  const nlohmann::json json = nlohmann::json::parse(evaluated.out);
  EXPECT_EQ(text(json.at("top1").get<double>()),
            text(read_log(folder / "run/log.csv").back().test->accuracy));
  EXPECT_GE(json.at("top5").get<double>(), json.at("top1").get<double>());
  EXPECT_EQ(json.at("per_class").size(), 10u);
  long images = 0, right = 0;
  for (std::size_t i = 0; i < 10; i++) {
    right += json.at("confusion").at(i).at(i).get<long>();
    for (const nlohmann::json& n : json.at("confusion").at(i)) images += n.get<long>();
  }
  EXPECT_EQ(images, 32);
  EXPECT_EQ(static_cast<double>(right) / 32, json.at("top1").get<double>());
}

TEST(Train, TheSameSeedGivesTheSameBitsOnAnyNumberOfThreads) {
  const ScratchFolder folder;
  for (const std::string threads : {"1", "2", "3", "7"}) {
    ASSERT_EQ(outcome_of(small + "--epochs 1 --seed 3 --threads " + threads + " --out " +
                         (folder / threads))
                  .code,
              0);
    EXPECT_TRUE(get(folder / threads + "/last.safetensors") == get(folder / "1/last.safetensors"))
        << threads;
  }
}

// Two steps per epoch, so there are evaluations between the profiled steps.
TEST(Train, ProfileWritesATraceOfStepsFourToEightAndLeavesTheWeightsAsTheyAre) {
  const ScratchFolder folder;
  const Ending profiled = outcome_of(small + "--epochs 5 --profile " + (folder / "trace.json") +
                                     " --out " + (folder / "profiled"));
  ASSERT_EQ(profiled.code, 0) << profiled.err;
  expect_contains(profiled.out, "profile of steps 4 to 8: " + (folder / "trace.json"));
  ASSERT_EQ(outcome_of(small + "--epochs 5 --out " + (folder / "plain")).code, 0);
  EXPECT_TRUE(get(folder / "profiled/last.safetensors") == get(folder / "plain/last.safetensors"));

  std::map<std::string, long> slices;  // by category and name
  std::set<std::string> layers;
  const nlohmann::json trace = nlohmann::json::parse(get(folder / "trace.json"));
  for (const nlohmann::json& event : trace.at("traceEvents")) {
    slices[event.at("cat").get<std::string>() + " " + event.at("name").get<std::string>()]++;
    if (event.at("name") == "conv2d" || event.at("name") == "batch_norm_relu_conv2d")
      layers.insert(event.at("args").at("layer").get<std::string>());
  }
  for (const char* step :
       {"step step 4", "step step 5", "step step 6", "step step 7", "step step 8"})
    EXPECT_EQ(slices[step], 1) << step;
  for (const std::string pass : {"forward ", "backward "}) {
    EXPECT_EQ(slices[pass + "conv2d"], 5 * 6);
    EXPECT_EQ(slices[pass + "batch_norm_relu_conv2d"], 5 * 3);
  }
  EXPECT_EQ(slices["pass forward"], 5);
  EXPECT_EQ(layers.size(), 9u);
  EXPECT_TRUE(layers.contains("layer3.0.conv2")) << *layers.begin();
}

TEST(Train, WithoutOutCreatesANumberedFolder) {
  const ScratchFolder folder;
  for (const char* name : {"se_resnet8-1", "se_resnet8-2"}) {
    const Ending ended = Child(command(small + "--epochs 1"), folder.path()).wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(std::filesystem::exists(folder / "runs" + "/" + name + "/last.safetensors"));
    expect_contains(ended.out, "folder: runs/" + std::string(name));
  }
}

TEST(Train, ABatchLargerThanTheTrainingSetIsLowered) {
  const ScratchFolder folder;
  const Ending ended =
      outcome_of("train --model se_resnet8 --limit 20 --epochs 1 --out " + (folder / "run"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "batch: 128 is lowered to 20, the number of training images\n");
  EXPECT_EQ(nlohmann::json::parse(get(folder / "run/config.json")).at("recipe").at("batch"), 20);
  EXPECT_EQ(outcome_of("train --resume --out " + (folder / "run")).code, 0);
}

TEST(Train, ResumingAFinishedRunChangesNothing) {
  const ScratchFolder folder;
  const std::string run = finished_run(folder), before = get(run + "/last.safetensors");
  const Ending ended = outcome_of("train --resume --out " + run);
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "is finished after 1 epoch. ");
  expect_contains(ended.out, "To train longer, give more with --epochs, or start a new run");
  expect_contains(ended.out, "% after 1 epoch\n");
  expect_contains(ended.out, "continue: ");
  EXPECT_TRUE(get(run + "/last.safetensors") == before);
}

TEST(Train, RefusesAnExistingFolderAndOtherOptionsWithResume) {
  const ScratchFolder folder;
  const Ending there = outcome_of(small + "--out " + folder.path());
  EXPECT_EQ(there.code, 2);
  expect_contains(there.err, "excite: train: --out " + folder.path());
  expect_contains(there.err, "--resume");
  put(folder / "config.json", "{}");
  for (const std::string option : {"--lr 0.1", "--model se_resnet20", "--data builtin", "--seed 0",
                                   "--nesterov", "--limit 5", "--profile p.json", "--strict"}) {
    const Ending refused = outcome_of("train --resume --out " + folder.path() + " " + option);
    EXPECT_EQ(refused.code, 2) << option;
    expect_contains(refused.err,
                    "train: " + split(option, ' ')[0] + " cannot be combined with --resume");
  }
  EXPECT_EQ(outcome_of("train --resume").code, 2);
  EXPECT_EQ(folder.files().size(), 1u);
}

TEST(Train, RepeatsARunFromItsConfiguration) {
  const ScratchFolder folder;
  ASSERT_EQ(outcome_of(small + "--epochs 1 --seed 4 --lr 0.1 --out " + (folder / "run")).code, 0);
  const std::string words = "train --config " + (folder / "run/config.json") + " --out ";
  const Ending ended = outcome_of(words + (folder / "again"));
  ASSERT_EQ(ended.code, 0) << ended.err;
  for (const char* file : {"/last.safetensors", "/best.safetensors"})
    EXPECT_TRUE(get(folder / "run" + file) == get(folder / "again" + file)) << file;
  expect_failure(outcome_of(words + (folder / "x") + " --lr 0.2"), 2,
                 {"--lr cannot be combined with --config: the run is repeated with"});
}

// Images are changed in the same way after an interruption; files give the same bits from memory.
TEST(Train, WithChangedAndCachedImagesResumesToTheSameBits) {
  const ScratchFolder folder;
  for (const char* name : {"a", "b"})
    for (long i = 0; i < 12; i++)
      put_image(folder / "data/train/" + name + text("/", i, ".png"), noise_image(17, 20, i));
  const std::string words =
      "train --model se_resnet8 --image-size 16 --batch 8 --schedule constant --warmup 0 --augment "
      "rand-augment=12,color-jitter,flip --data " +
      (folder / "data") + " --out ";
  const std::string whole = folder / "whole", run = folder / "run";
  ASSERT_EQ(outcome_of(words + whole + " --epochs 2").code, 0);
  const Ending cached = outcome_of(words + run + " --epochs 1 --cache ram");
  ASSERT_EQ(cached.code, 0) << cached.err;
  expect_contains(cached.out, "cache: 24 of 24 images stay in memory, 0.0 MB\n");
  const Ending resumed = outcome_of("train --resume --epochs 2 --cache ram --out " + run);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  expect_contains(resumed.out, "cache: 24 of 24 images");
  EXPECT_TRUE(get(run + "/last.safetensors") == get(whole + "/last.safetensors"));
  const nlohmann::json config = nlohmann::json::parse(get(run + "/config.json"));
  EXPECT_EQ(config["recipe"]["augment"], "rand-augment=12,color-jitter,flip");
  expect_failure(outcome_of(words + (folder / "x") + " --cache disk"), 2,
                 {"--cache disk: expected none or ram"});
}

TEST(Train, ADryRunPrintsTheRunAndWritesNothing) {
  const ScratchFolder folder;
  const Ending ended = outcome_of(small + "--epochs 3 --dry-run --out " + (folder / "run"));
  ASSERT_EQ(ended.code, 0) << ended.err;
  for (const char* words : {"se_resnet8: ", "32 training, 32 validation, 32 test images",
                            "\"epochs\": 3", "learning rate over 6 steps:", "estimated time: 0:0",
                            "This was a dry run: nothing was written."})
    expect_contains(ended.out, words);
  EXPECT_TRUE(folder.files().empty());
}

// With a constant rate, 1 + 1 epochs are 2, bit for bit.
TEST(Train, ResumingWithMoreEpochsLengthensTheRun) {
  const ScratchFolder folder;
  const std::string words = small + "--schedule constant --warmup 0 --lr 0.01 --epochs ",
                    resume = "train --resume --out " + (folder / "run") + " --epochs ";
  ASSERT_EQ(outcome_of(words + "1 --out " + (folder / "run")).code, 0);
  const Ending longer = outcome_of(resume + "2");
  ASSERT_EQ(longer.code, 0) << longer.err;
  expect_contains(longer.out, "epochs: 2 instead of 1; the learning rate of each step is that");
  ASSERT_EQ(outcome_of(words + "2 --out " + (folder / "whole")).code, 0);
  EXPECT_TRUE(get(folder / "run/last.safetensors") == get(folder / "whole/last.safetensors"));
  expect_failure(outcome_of(resume + "1"), 2,
                 {"--epochs 1: the run has finished 2 epochs already"});
}

TEST(Train, InvalidOptionsAreUsageErrorsAndCreateNoFolder) {
  const ScratchFolder folder;
  for (const auto& [options, said] : std::vector<std::pair<std::string, std::string>>{
           {"--model se_resnet21", "the nearest is se_resnet20"},
           {"--epochs 0", "--epochs 0"},
           {"--lr -1", "--lr -1: expected a number above 0"},
           {"--gamma 0 --schedule step", "--gamma 0: expected a number above 0, at most 1"},
           {"--optimizer sdg", "sgd"},
           {"--milestones 3,x --schedule multistep", "'x' is not a number"},
           {"--gamma 0.2",
            "--gamma has no effect with --schedule one-cycle; use --schedule step or"},
           {"--optimizer adamw --nesterov",
            "--nesterov has no effect with --optimizer adamw; use --optimizer sgd"},
           {"--optimizer adamw --no-nesterov", "--no-nesterov has no effect with --optimizer"},
           {"--augment crop,flop", "flop"},
           {"--augment none,crop", "none cannot be combined"},
           {"--augment crop,black-crop", "expected only one of them"},
           {"--model se_small_resnet --image-size 6 --augment cutout",
            "cutout erases 8x8 pixels, but the images have 6x6"},
           {"--batch 0", "--batch 0"},
           {"--val 0", "--val 0: expected none, a fraction such as 0.1, or a number of images"},
           {"--val 1.5", "--val 1.5: expected a fraction below 1 or a whole number of images"},
           {"--val 10000", "--val 10000: there are 10000 training images, expected fewer"},
           {"--val none --patience 3", "--patience needs validation images"},
           {"--min-delta 0.1", "--min-delta has no effect without --patience"},
           {"--schedule multistep --milestones 1e300",
            "number 1 is 1e+300: expected epochs above 0"},
           {"--schedule step --milestones 2e6", "at most 1000000"},
           {"--schedule multistep --milestones 1,nan", "'nan' is not a number"},
           {"--lr 1e300", "--lr 1e+300: expected a number above 0, at most 1e+30"},
           {"--clip 1e300", "--clip 1e+300"},
           {"--weight-decay 1e300", "--weight-decay 1e+300"},
           {"--set reduction=0", "reduction=0"},
           {"--freeze layer9", "--freeze layer9: no parameter has such a name"},
           {"--layer-decay 1.5", "--layer-decay 1.5: expected a number above 0, at most 1"},
           {"--sampler even", "--sampler even: expected random, balanced"},
           {"--class-weights even", "--class-weights even: expected auto, or a file"},
           {"--threads 0", "0"},
           {"--model se_resnet8 --limit 32 --batch 16 --epochs 3 --profile p.json",
            "the run has only 6"},
           {"--model se_resnet8 --limit 32 --batch 16 --epochs 4 --profile nowhere/p.json",
            "there is no folder"}}) {
    const Ending ended = outcome_of("train --out " + (folder / "run") + " " + options);
    EXPECT_EQ(ended.code, 2) << options << ": " << ended.err;
    expect_contains(ended.err, said);
    EXPECT_TRUE(folder.files().empty()) << options;
  }
}

TEST(Train, AnEmptyAugmentationIsAnErrorAndNotTheDefault) {
  const ScratchFolder folder;
  expect_failure(excite_program({"train", "--augment", "", "--out", folder / "run"}), 2,
                 {"augmentation '': expected none, or a list of"});
  EXPECT_TRUE(folder.files().empty());
}

TEST(Train, DivergenceIsExitCodeFourAndNamesOpLayerEpochStepAndRate) {
  const ScratchFolder folder;
  const Ending ended =
      outcome_of(small + "--epochs 6 --lr 1e30 --weight-decay 0.1 --out " + (folder / "run"));
  EXPECT_EQ(ended.code, 4) << ended.out;
  for (const char* part : {"excite: train: diverged in epoch ", "step ", "at learning rate ",
                           "first non-finite result: the value of ", "--lr"})
    expect_contains(ended.err, part);
}

TEST(Train, ADamagedOrForeignCheckpointIsExitCodeThreeAndIsNamed) {
  const ScratchFolder folder;
  const std::string run = finished_run(folder), last = run + "/last.safetensors", whole = get(last),
                    config = get(run + "/config.json");
  const auto resume_says = [&](const std::string& part) {
    const Ending ended = outcome_of("train --resume --out " + run);
    EXPECT_EQ(ended.code, 3) << ended.err;
    expect_contains(ended.err, part);
  };
  put(last, whole.substr(0, whole.size() / 2));
  resume_says(last);
  std::filesystem::copy_file(run + "/best.safetensors", last,
                             std::filesystem::copy_options::overwrite_existing);
  resume_says(last + ": its tensors are not the expected ones; missing: optimizer.momentum.");
  put(last, whole);
  std::string other = config;
  other.replace(other.find("\"seed\": 0"), 9, "\"seed\": 1");
  put(run + "/config.json", other);
  resume_says(last + ": not a checkpoint of this run");
  put(run + "/config.json", config.substr(0, 100));
  resume_says(run + "/config.json");
  std::filesystem::remove(run + "/config.json");
  resume_says(run + "/config.json");
  EXPECT_TRUE(get(last) == whole);

  const Ending evaluated = outcome_of("evaluate --weights " + (folder / "none.safetensors"));
  EXPECT_EQ(evaluated.code, 3);
  expect_contains(evaluated.err, folder / "none.safetensors");
}

TEST(Train, MissingDataIsExitCodeThreeAndCreatesNoFolder) {
  const ScratchFolder folder;
  const Ending ended =
      outcome_of("train --data " + (folder / "nowhere") + " --out " + (folder / "run"));
  EXPECT_EQ(ended.code, 3) << ended.err;
  expect_contains(ended.err, folder / "nowhere");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace excite
