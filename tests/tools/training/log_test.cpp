#include "tools/training/log.h"

#include <algorithm>

#include "tests/support/scratch.h"

namespace excite {
namespace {

EpochRow row(long epoch, double loss) {
  EpochRow r{};
  r.epoch = epoch;
  r.train_loss = loss;
  return r;
}

TEST(Log, HasAHeaderAndOneRowPerEpoch) {
  const ScratchFolder folder;
  write_log_row(folder / "log.csv",
                {1, 1.5, 0.25, {}, SetResult{2.5, 0.125}, 0.1, 3.25, 812.34, 61.456, 512.5});
  write_log_row(folder / "log.csv", {2, 1.25, 0.5, SetResult{2.25, 0.5}, SetResult{2, 0.25}, 0.05,
                                     3, 800, 60, 512.5, 41.27, 1.5});
  EXPECT_EQ(get(folder / "log.csv"),
            "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,test_loss,"
            "test_accuracy,learning_rate,gradient_norm,images_per_second,seconds,peak_megabytes,"
            "sent_megabytes,communication_seconds\n"
            "1,1.500000,0.250000,,,2.500000,0.125000,0.1,3.25,812.3,61.46,512.5,0.00,0.00\n"
            "2,1.250000,0.500000,2.250000,0.500000,2.000000,0.250000,0.05,3,800.0,60.00,512.5,"
            "41.27,1.50\n");
}

TEST(Log, IsReadBackWhereASetIsMissing) {
  const ScratchFolder folder;
  write_log_row(
      folder / "log.csv",
      {1, 1.5, 0.25, SetResult{2.25, 0.5}, {}, 0.1, 3.25, 812.34, 61.456, 512.5, 41.25, 1.5});
  const EpochRow now = read_log(folder / "log.csv").front();
  EXPECT_EQ(now.validation->loss, 2.25);
  EXPECT_EQ(now.validation->accuracy, 0.5);
  EXPECT_FALSE(now.test);
  EXPECT_EQ(now.peak_megabytes, 512.5);
  EXPECT_EQ(now.sent_megabytes, 41.25);
  EXPECT_EQ(now.communication_seconds, 1.5);
}

// By hand, in percent: 50 is first, 53 is 3 above it, 54 and 55 are not more than 2 above 53.
TEST(Log, CountsTheEpochsWithoutProgress) {
  std::vector<EpochRow> rows;
  const auto waits = [&](double accuracy, double min_delta) {
    rows.push_back(row(std::ssize(rows) + 1, 1));
    rows.back().validation = SetResult{1, accuracy};
    return epochs_without_progress(rows, min_delta);
  };
  EXPECT_EQ(waits(0.50, 0.02), 0);
  EXPECT_EQ(waits(0.53, 0.02), 0);
  EXPECT_EQ(waits(0.54, 0.02), 1);
  EXPECT_EQ(waits(0.55, 0.02), 2);
  EXPECT_EQ(epochs_without_progress(rows, 0), 0);
  EXPECT_EQ(waits(0.55, 0), 1) << "an equal accuracy is no better one";
  EXPECT_EQ(waits(0.56, 0.02), 0);
}

TEST(Log, ARowReplacesRowsOfTheSameAndLaterEpochs) {
  const ScratchFolder folder;
  for (long epoch = 1; epoch <= 12; epoch++) write_log_row(folder / "log.csv", row(epoch, 1));
  write_log_row(folder / "log.csv", row(3, 7));
  const std::string log = get(folder / "log.csv");
  expect_contains(log, "\n1,1.0");
  expect_contains(log, "\n2,1.0");
  expect_contains(log, "\n3,7.0");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 4);
}

}  // namespace
}  // namespace excite
