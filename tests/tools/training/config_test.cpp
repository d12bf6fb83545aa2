#include "tools/training/config.h"

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Config, StoresWhatToDoWithABadImage) {
  const ScratchFolder folder;
  for (const OnBadImage on_bad_image : {OnBadImage::skip, OnBadImage::fail}) {
    write_config(folder / "config.json",
                 make_config(Recipe{}, InitialWeights{}, "builtin", on_bad_image));
    EXPECT_EQ(read_config(folder / "config.json").on_bad_image, on_bad_image);
  }
}

TEST(Config, AnErrorSaysInWordsWhatIsWrongAndWhere) {
  const ScratchFolder folder;
  const std::string path = folder / "config.json";
  write_config(path, make_config(Recipe{}, InitialWeights{}, "builtin", OnBadImage::skip));
  const std::string whole = get(path);
  const auto error_with = [&](const std::string& before, const std::string& after) {
    std::string changed = whole;
    changed.replace(changed.find(before), before.size(), after);
    put(path, changed);
    return file_error([&] { read_config(path); });
  };
  const std::string begin = path + ": not the configuration of a training run: ";
  EXPECT_EQ(error_with("\"data\": \"builtin\"", "\"data\": 5"),
            begin + "'data' is 5, expected a text");
  EXPECT_EQ(error_with("\"data\"", "\"dates\""), begin + "it has no entry 'data', expected a text");
  EXPECT_EQ(error_with("\"epochs\": 16", "\"epochs\": \"many\""),
            begin + "'recipe.epochs' is \"many\", expected a whole number");
  EXPECT_EQ(error_with("\"format\": 2,", "\"format\": 2"),
            begin + "line 3, column 11 or before: this is not JSON");
  EXPECT_EQ(error_with("\"cpu\"", "\"shell\": \"\", \"cpu\""),
            begin +
                "it has the unknown entry 'shell', expected one of 11 entries: format, version, "
                "precision, cpu, threads and 6 more");
  EXPECT_EQ(error_with("\"epochs\"", "\"turns\": 3, \"epochs\"").substr(0, begin.size() + 39),
            begin + "it has the unknown entry 'recipe.turns'");
  put(path, whole.substr(0, 30));
  EXPECT_EQ(file_error([&] { read_config(path); }),
            begin + "it is not complete: it ends in line 3, in the middle of the JSON");
}

}  // namespace
}  // namespace excite
