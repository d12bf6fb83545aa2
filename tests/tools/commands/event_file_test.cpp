// Event files: their bytes, and what TensorBoard reads in them.
#include "tools/commands/event_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::vector<EpochRow> two_epochs{
    {1, 2, 0.25, SetResult{1, 0.5}, SetResult{1.5, 0.5}, 0.1, 1, 800, 60, 500},
    {2, 1, 0.5, {}, SetResult{0.5, 1}, 0.05, 1, 800, 30, 500}};

std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char byte : bytes)
    for (const int shift : {4, 0}) digits += "0123456789abcdef"[byte >> shift & 15];
  return digits;
}

// 8 bytes for 24, their checksum, the time 0 as field 1, "brain.Event:2" as field 3, the checksum.
TEST(EventFile, BeginsWithItsVersion) {
  EXPECT_EQ(hex(event_file({})),
            "1800000000000000"
            "a37f4b22"
            "090000000000000000"
            "1a0d627261696e2e4576656e743a32"
            "eedf28a3");
}

TEST(EventFile, IsWrittenIntoTheFolderOfEachRun) {
  const ScratchFolder folder;
  for (const std::string run : {"a", "b"}) {
    std::filesystem::create_directory(folder / run);
    for (const EpochRow& row : two_epochs) write_log_row(folder / (run + "/log.csv"), row);
  }
  const Ending ended =
      excite_program({"plot", "--tensorboard", folder / "a", folder / "b/log.csv"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  for (const std::string run : {"a", "b"})
    EXPECT_EQ(hex(get(folder / (run + "/events.out.tfevents.0.excite"))),
              hex(event_file(two_epochs)));
  expect_failure(excite_program({"plot", folder / "a"}), 2, {"--out FILE.svg, --tensorboard"});
}

TEST(NightEventFile, IsReadByTensorBoard) {
  const ScratchFolder folder;
  put(folder / "events.out.tfevents.0.excite", event_file(two_epochs));
  const std::string read =
      "import sys\n"
      "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
      "events = EventAccumulator(sys.argv[1])\n"
      "events.Reload()\n"
      "for tag in sorted(events.Tags()['scalars']):\n"
      "  print(tag, [(e.wall_time, e.step, round(e.value, 6)) for e in events.Scalars(tag)])";
  const std::string python =
      std::filesystem::path(program()).parent_path().string() + "/tensorboard/bin/python";
  const Ending ended = Child({python, "-c", read, folder.path()}).wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out,
            "accuracy/test [(60.0, 1, 0.5), (90.0, 2, 1.0)]\n"
            "accuracy/train [(60.0, 1, 0.25), (90.0, 2, 0.5)]\n"
            "accuracy/validation [(60.0, 1, 0.5)]\n"
            "gradient_norm [(60.0, 1, 1.0), (90.0, 2, 1.0)]\n"
            "images_per_second [(60.0, 1, 800.0), (90.0, 2, 800.0)]\n"
            "learning_rate [(60.0, 1, 0.1), (90.0, 2, 0.05)]\n"
            "loss/test [(60.0, 1, 1.5), (90.0, 2, 0.5)]\n"
            "loss/train [(60.0, 1, 2.0), (90.0, 2, 1.0)]\n"
            "loss/validation [(60.0, 1, 1.0)]\n");
}

}  // namespace
}  // namespace excite
