#include "tools/data/check_data.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/data/load.h"

namespace excite {
namespace {

struct CheckData : testing::Test {
  const ScratchFolder folder;
  const std::string data = folder / "data";
  CheckData() {
    for (const char* part : {"train", "test"})
      for (const char* name : {"cat", "Cat "})
        for (long i = 0; i < 6; i++)
          put_image(data + "/" + part + "/" + name + "/" + std::to_string(i) + ".png",
                    noise_image(8 + i, 20, i + 100 * (name[0] == 'C') + 50 * (part[1] == 'e')));
  }
};

TEST_F(CheckData, CountsAndMeasures) {
  const DataReport report = check_data(load_data(data));
  ASSERT_EQ(report.sets.size(), 2u);
  EXPECT_EQ(report.sets[0].name, "train");
  EXPECT_EQ(report.sets[0].per_class, (std::vector<long>{6, 6}));
  EXPECT_EQ(report.sets[1].images, 12);
  EXPECT_EQ(report.sets[0].min_side, 8);
  EXPECT_EQ(report.sets[0].median_side, 11);
  EXPECT_EQ(report.sets[0].max_side, 20);
  EXPECT_TRUE(report.broken.empty());
  EXPECT_TRUE(report.duplicates.empty());
  ASSERT_EQ(report.suspicious.size(), 1u);
  EXPECT_EQ(report.suspicious[0], "the classes 'Cat ' and 'cat' have nearly the same name");
}

TEST_F(CheckData, FindsWhatIsWrong) {
  put(data + "/test/cat/9.png", get(data + "/train/cat/3.png"));    // in both sets
  put(data + "/train/Cat /8.png", get(data + "/train/cat/4.png"));  // with two labels
  put(data + "/train/cat/7.png", get(data + "/train/cat/5.png"));   // harmless
  std::string bytes = get(data + "/train/cat/0.png");
  bytes[bytes.size() - 20] ^= 1;
  put(data + "/train/cat/0.png", bytes);
  put(data + "/train/cat/notes.txt", "no image");
  const Ending ended = excite_program({"data", "check", data});
  ASSERT_EQ(ended.code, 0) << ended.err;
  for (const char* words : {"files that are no images or cannot be decoded: 2\n  ",
                            "/train/cat/0.png\n", "images that occur twice: 2\n",
                            "/train/cat/3.png (train, cat) and ", "/test/cat/9.png (test, cat)",
                            "train: 13 images, sides from 8 to 20 pixels, the middle one 11"})
    expect_contains(ended.out, words);
  const Ending json = excite_program({"data", "check", "--json", data});
  expect_contains(json.out, "\"median_side\": 11");
  const nlohmann::json broken = nlohmann::json::parse(json.out)["broken"];
  ASSERT_EQ(broken.size(), 2u);
  expect_contains(broken[0], data + "/train/cat/notes.txt: is neither a PNG nor");
  EXPECT_EQ(broken[1], data + "/train/cat/0.png");
  expect_failure(excite_program({"data", "chek", data}), 2, {"data chek: expected data check DIR"});
}

TEST_F(CheckData, NamesRareClasses) {
  for (long i = 2; i < 6; i++)
    std::filesystem::remove(data + "/train/cat/" + std::to_string(i) + ".png");
  const DataReport report = check_data(load_data(data));
  EXPECT_EQ(report.suspicious.at(1), "train: the class 'cat' has only 2 images");
}

}  // namespace
}  // namespace excite
