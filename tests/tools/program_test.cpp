#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/tools/outcome.h"

namespace excite {
namespace {

const std::string short_run = "train --epochs 2 --limit 64 --batch 16 --seed 3 ";

TEST(Train, TheSameSeedGivesTheSameBitsOnAnyNumberOfThreads) {
  const Folder folder;
  for (const std::string threads : {"1", "2", "3", "7"})
    ASSERT_EQ(run_program(short_run + "--threads " + threads + " --out " + folder.path + "/" + threads).code, 0);
  const std::string one = bytes_of(folder.path + "/1/last.safetensors");
  ASSERT_GT(one.size(), 1'000'000u);
  for (const std::string threads : {"2", "3", "7"}) EXPECT_TRUE(one == bytes_of(folder.path + "/" + threads + "/last.safetensors")) << threads;
  ASSERT_EQ(run_program("train --epochs 2 --limit 64 --batch 16 --seed 4 --out " + folder.path + "/other").code, 0);
  EXPECT_FALSE(one == bytes_of(folder.path + "/other/last.safetensors"));
}

TEST(Train, ResumesToTheSameBitsAfterASignalInTheMiddle) {
  const Folder folder;
  const std::string whole = folder.path + "/whole", cut = folder.path + "/cut";
  ASSERT_EQ(run_program(short_run + "--out " + whole).code, 0);
  const Outcome stopped = run_program(short_run + "--out " + cut + " & while ! [ -e " + cut + "/config.json ]; do sleep 0.02; done; sleep 0.3; kill -INT $!; wait $!");
  ASSERT_TRUE(stopped.code == 130 || stopped.code == 0) << stopped.text;
  ASSERT_EQ(run_program("train --resume --out " + cut).code, 0);
  EXPECT_TRUE(bytes_of(whole + "/last.safetensors") == bytes_of(cut + "/last.safetensors"));
}

TEST(Train, ResumesToTheSameBitsAfterKill9) {
  const Folder folder;
  const std::string whole = folder.path + "/whole", cut = folder.path + "/cut";
  ASSERT_EQ(run_program(short_run + "--out " + whole).code, 0);
  run_program(short_run + "--out " + cut + " & while ! [ -e " + cut + "/config.json ]; do sleep 0.02; done; sleep 0.2; kill -9 $!; wait $!");
  for (int i = 0; i < 4; i++) run_program("train --resume --out " + cut + " & sleep 0." + std::to_string(3 + i) + "; kill -9 $!; wait $!");
  const Outcome last = run_program("train --resume --out " + cut);
  ASSERT_EQ(last.code, 0) << last.text;
  EXPECT_TRUE(bytes_of(whole + "/last.safetensors") == bytes_of(cut + "/last.safetensors"));
}

TEST(Train, RefusesAFolderThatIsThereAndOtherOptionsBesideResume) {
  const Folder folder;
  const std::string out = folder.path + "/run";
  ASSERT_EQ(run_program(short_run + "--out " + out).code, 0);
  const Outcome again = run_program(short_run + "--out " + out);
  EXPECT_NE(again.code, 0);
  EXPECT_NE(again.text.find(out), std::string::npos) << again.text;
  const Outcome other = run_program("train --resume --lr 0.1 --out " + out);
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.text.find("--lr"), std::string::npos) << other.text;
}

TEST(Train, StopsWithCode4AndNamesTheFirstOpThatIsNotFinite) {
  const Folder folder;
  const Outcome o = run_program("train --epochs 1 --limit 64 --batch 16 --warmup 0 --lr 1e30 --out " + folder.path + "/run");
  EXPECT_EQ(o.code, 4) << o.text;
  EXPECT_NE(o.text.find("diverged"), std::string::npos) << o.text;
  EXPECT_NE(o.text.find("learning rate"), std::string::npos) << o.text;
}

TEST(Evaluate, ReadsWhatTrainWroteAndRefusesATruncatedFile) {
  const Folder folder;
  const std::string out = folder.path + "/run", weights = out + "/last.safetensors";
  ASSERT_EQ(run_program(short_run + "--out " + out).code, 0);
  const Outcome good = run_program("evaluate --limit 32 --data builtin --json --weights " + weights);
  EXPECT_EQ(good.code, 0) << good.text;
  for (const char* key : {"\"loss\"", "\"top1\"", "\"top5\"", "\"per_class\"", "\"confusion\""}) EXPECT_NE(good.text.find(key), std::string::npos) << key;
  std::filesystem::resize_file(weights, std::filesystem::file_size(weights) - 1);
  const Outcome bad = run_program("evaluate --data builtin --weights " + weights);
  EXPECT_EQ(bad.code, 3);
  EXPECT_NE(bad.text.find(weights), std::string::npos) << bad.text;
}

TEST(Summary, CountsMultiplyAdds) {
  for (const auto& [model, macs] : {std::pair{"resnet20", "40813184"}, {"se_resnet20", "40815200"}, {"resnet110", "253149824"}}) {
    const Outcome o = run_program(std::string("summary --json --model ") + model);
    EXPECT_EQ(o.code, 0) << o.text;
    EXPECT_NE(o.text.find(macs), std::string::npos) << o.text.substr(0, 400);
  }
}

TEST(Program, SaysTheNearestOfAMisspeltWord) {
  const Outcome model = run_program("summary --model se_resnet21");
  EXPECT_EQ(model.code, 2);
  EXPECT_NE(model.text.find("se_resnet20"), std::string::npos) << model.text;
  const Outcome option = run_program("train --epoch 3");
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.text.find("--epochs"), std::string::npos) << option.text;
}

TEST(Gradcheck, EveryOpAndASmallInstanceOfEveryModelPassInDouble) {
  const Outcome o = run_program("gradcheck");
  if (sizeof(real) == sizeof(float)) {
    EXPECT_NE(o.code, 0);
    EXPECT_NE(o.text.find("double"), std::string::npos) << o.text;
  } else {
    EXPECT_EQ(o.code, 0) << o.text;
  }
}

}  // namespace
}  // namespace excite
