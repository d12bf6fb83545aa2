#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Serves an archive on the loopback interface whose files have the right names and sizes, and no
// data.
struct Cifar10Script : testing::Test {
  const ScratchFolder folder;
  const std::string data = folder / "data", set = data + "/cifar-10-batches-bin";

  Ending run(const std::string& last_batch_bytes) const {
    const Ending packed = shell(
        "cd " + folder.path() +
        " && mkdir cifar-10-batches-bin && cd cifar-10-batches-bin && truncate -s 30730000 "
        "data_batch_1.bin "
        "data_batch_2.bin data_batch_3.bin data_batch_4.bin data_batch_5.bin && truncate -s " +
        last_batch_bytes +
        " test_batch.bin && echo airplane >batches.meta.txt && tar -C .. --sparse -czf ../packed "
        "cifar-10-batches-bin");
    EXPECT_EQ(packed.code, 0) << packed.err;
    return shell("python3 tests/tools/scripts/range_server.py " + (folder / "packed") + " >" +
                 (folder / "port") + " & server=$!; while ! [ -s " + (folder / "port") +
                 " ]; do sleep 0.05; done; tools/scripts/cifar10 " + data +
                 " http://127.0.0.1:$(cat " + (folder / "port") + ")/file $(stat -c %s " +
                 (folder / "packed") + ") $(sha256sum <" + (folder / "packed") +
                 " | cut -c1-64); code=$?; kill $server; exit $code");
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(data))
      all.push_back(entry.path().filename());
    return all;
  }
};

TEST_F(Cifar10Script, ReplacesAnIncompleteDataSetAndLeavesNoOtherFiles) {
  std::filesystem::create_directories(set);
  put(set + "/data_batch_1.bin", "the disk was full");
  const Ending ended = run("30730000");
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "data_batch_1.bin has 17 bytes, expected 30730000");
  EXPECT_EQ(names(), std::vector<std::string>{"cifar-10-batches-bin"});
  EXPECT_EQ(std::filesystem::file_size(set + "/data_batch_1.bin"), 30'730'000u);
  const Ending again = shell("tools/scripts/cifar10 " + data);
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, set + " is already there\n");
}

TEST_F(Cifar10Script, RejectsAnArchiveThatIsNotCifar10) {
  const Ending ended = run("30729999");
  EXPECT_EQ(ended.code, 1);
  expect_contains(ended.err,
                  "is not CIFAR-10: test_batch.bin has 30729999 bytes, expected 30730000");
  EXPECT_FALSE(std::filesystem::exists(set));
}

}  // namespace
}  // namespace excite
