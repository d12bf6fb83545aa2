#include "tools/data/cifar.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/scratch.h"

namespace excite {
namespace {

// Six files of the right size. Record i of each has label i % 10, and all its pixels are red i,
// green i + 1, blue i + 2 (modulo 256).
void write_cifar10(const std::string& folder) {
  std::string bytes;
  for (int i = 0; i < 10'000; i++) {
    bytes += static_cast<char>(i % 10);
    for (int plane = 0; plane < 3; plane++) bytes.append(1024, static_cast<char>(i + plane));
  }
  for (const char* name : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4",
                           "data_batch_5", "test_batch"})
    put(folder + "/" + name + ".bin", bytes);
}

void expect_refused(const std::string& folder, const std::vector<std::string>& words) {
  const std::string error = file_error([&] { load_cifar(folder); });
  for (const std::string& word : words) expect_contains(error, word);
}

TEST(Cifar, ConvertsPlanesToPixelsAndRefusesDamagedFiles) {
  const ScratchFolder folder;
  write_cifar10(folder.path());
  const DataSplit split = load_cifar(folder.path());
  EXPECT_EQ(split.train.count(), 50'000);
  EXPECT_EQ(split.test.count(), 10'000);
  EXPECT_EQ(split.test.labels[37], 7);
  EXPECT_EQ(split.test.pixels_of(37)[3 * 500], 37);
  EXPECT_EQ(split.test.pixels_of(37)[3 * 500 + 2], 39);

  const std::string names =
      "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\nLkw \xc3\xbc\n";
  put(folder / "batches.meta.txt", names);
  EXPECT_EQ(load_cifar(folder.path()).train.classes[9], "Lkw \u00fc");
  put(folder / "batches.meta.txt", "airplane\nautomobile\nbird \xfc\n");
  expect_refused(folder.path(), {"batches.meta.txt", "line 3 is not text in UTF-8"});
  std::filesystem::remove(folder / "batches.meta.txt");

  const std::string path = folder.path() + "/data_batch_3.bin";
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3073 * 12);
    file.put(10);
  }
  expect_refused(folder.path(), {"data_batch_3.bin", "record 12", "36876", "label 10"});
  std::filesystem::resize_file(path, 30'729'999);
  expect_refused(folder.path(), {"data_batch_3.bin", "30729999", "30730000"});
  std::filesystem::remove(path);
  expect_refused(folder.path(), {"data_batch_3.bin", "make cifar10"});
  EXPECT_EQ(load_cifar_test(folder.path()).labels[37], 7) << "needs no training file";
  std::filesystem::create_directory(path);
  expect_refused(folder.path(), {"data_batch_3.bin"});
  expect_refused(folder.path() + "/nowhere", {"nowhere", "make cifar10"});
}

// Two label bytes per record: the second one, the fine label, is used.
TEST(Cifar, UsesTheFineLabelsOfCifar100) {
  const ScratchFolder folder;
  const auto write = [&](const std::string& name, int records) {
    std::string bytes;
    for (int i = 0; i < records; i++) {
      bytes += static_cast<char>(i % 20);
      bytes += static_cast<char>(i % 100);
      for (int plane = 0; plane < 3; plane++) bytes.append(1024, static_cast<char>(i + plane));
    }
    put(folder / name, bytes);
  };
  write("train.bin", 50'000);
  write("test.bin", 10'000);
  const DataSplit split = load_cifar(folder.path());
  EXPECT_EQ(split.train.count(), 50'000);
  EXPECT_EQ(split.test.count(), 10'000);
  EXPECT_EQ(split.train.classes.size(), 100u);
  EXPECT_EQ(split.test.labels[137], 37);
  EXPECT_EQ(split.test.pixels_of(137)[3 * 500 + 1], 138);
  std::fstream file(folder / "train.bin", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3074 * 5 + 1);
  file.put(100);
  file.close();
  expect_refused(folder.path(), {"train.bin", "record 5", "15371", "label 100"});
  std::filesystem::resize_file(folder / "train.bin", 100);
  expect_refused(folder.path(), {"train.bin", "100 bytes", "cifar-100-binary.tar.gz"});
  std::filesystem::remove(folder / "train.bin");
  expect_refused(folder.path(), {"train.bin", "missing", "cifar-100-binary.tar.gz"});
}

TEST(Cifar, AFolderWithoutPermissionIsAnErrorThatNamesIt) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "locked");
  std::filesystem::permissions(folder / "locked", std::filesystem::perms::none);
  const std::string error = in_child([&] {
    drop_rights();
    return file_error([&] { load_cifar(folder / "locked"); });
  });
  std::filesystem::permissions(folder / "locked", std::filesystem::perms::owner_all);
  // Another exception than FileError would be reported as "thrown: ...".
  EXPECT_TRUE(error.starts_with(folder / "locked")) << error;
  expect_contains(error, "Permission denied");
}

// What is checked is what is read, also if the file is replaced meanwhile.
TEST(Cifar, IsNotConfusedByAFileThatIsReplacedWhileItIsRead) {
  const ScratchFolder folder;
  write_cifar10(folder.path());
  const std::string path = folder / "test_batch.bin", right = folder / "right";
  std::filesystem::rename(path, right);
  const std::string said = in_child([&] {
    std::atomic<bool> done = false;
    std::thread other([&] {
      for (long i = 0; !done; i++) {
        const std::string next = folder / "next";
        if (i % 2)
          put(next, "short");
        else
          std::filesystem::create_hard_link(right, next);
        std::filesystem::rename(next, path);
      }
    });
    while (!std::filesystem::exists(path)) std::this_thread::yield();
    std::string result = "ok";
    for (int i = 0; i < 5; i++) {
      const std::string error = file_error([&] { load_cifar(folder.path()); });
      if (!error.empty() && error.find("5 bytes, expected 30730000") == std::string::npos &&
          error.find("0 bytes, expected 30730000") == std::string::npos)
        result = error;
    }
    done = true;
    other.join();
    return result;
  });
  EXPECT_EQ(said, "ok");
}

}  // namespace
}  // namespace excite
