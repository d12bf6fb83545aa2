#include "tools/data/validation_split.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/check.h"
#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Image files of classes of these sizes, in a folder, in the order of their names.
Dataset files_in(const std::string& folder, const std::vector<long>& sizes) {
  Dataset set;
  set.source = folder;
  for (std::size_t k = 0; k < sizes.size(); k++) {
    set.classes.push_back("c" + std::to_string(k));
    for (long i = 0; i < sizes[k]; i++) {
      set.files.push_back(folder + "/c" + std::to_string(k) + "/" + std::to_string(i) + ".png");
      set.labels.push_back(static_cast<int>(k));
    }
  }
  return set;
}

std::vector<long> per_class(const Dataset& set, double amount) {
  std::vector<long> counts(set.classes.size());
  for (const long i : validation_indices(set, amount)) counts[set.labels[i]]++;
  return counts;
}

// By hand: a tenth of 30 + 14 + 6 = 50 images is 5. The shares 3, 1.4 and 0.6 give 3, 1 and 0 and
// leave 1, for the largest remainder. Of 7: 4.2, 1.96 and 0.84 give 4, 1 and 0, and the others get
// one each.
TEST(ValidationSplit, TakesItsShareOfEachClass) {
  const Dataset set = files_in("d", {30, 14, 6});
  EXPECT_EQ(per_class(set, 0.1), (std::vector<long>{3, 1, 1}));
  EXPECT_EQ(per_class(set, 7), (std::vector<long>{4, 2, 1}));
  EXPECT_EQ(per_class(files_in("d", {1, 1, 9}), 5), (std::vector<long>{0, 0, 5})) << "the last one";
  EXPECT_EQ(per_class(files_in("d", {2, 2}), 0.01), (std::vector<long>{1, 0})) << "at least one";
}

std::set<std::string> names(const Dataset& set, long seed = 0) {
  std::set<std::string> all;
  for (const long i : validation_indices(set, 0.3, seed))
    all.insert(set.files[i].substr(set.source.size()));
  return all;
}

TEST(ValidationSplit, DependsOnTheNamesAndTheSeedAlone) {
  const Dataset here = files_in("here", {20, 20}), there = files_in("/other/place", {20, 20});
  EXPECT_EQ(names(here), names(there));
  Dataset backwards = here;
  std::reverse(backwards.files.begin(), backwards.files.end());
  std::reverse(backwards.labels.begin(), backwards.labels.end());
  EXPECT_EQ(names(here), names(backwards));
  EXPECT_NE(names(here), names(here, 1));
  EXPECT_EQ(names(here).size(), 12u);
}

TEST(ValidationSplit, GivesEachImageToOneSet) {
  DataSplit data;
  data.train.source = "m";
  data.train.classes = {"a", "b"};
  data.train.height = data.train.width = 1;
  for (int i = 0; i < 40; i++) {
    data.train.labels.push_back(i % 2);
    data.train.pixels.insert(data.train.pixels.end(), 3, static_cast<std::uint8_t>(i));
  }
  const DataSplit split = split_validation(data, 10);
  EXPECT_EQ(split.train.count(), 30);
  EXPECT_EQ(split.validation.count(), 10);
  std::map<int, int> seen;  // pixel to label
  for (const Dataset* set : {&split.train, &split.validation})
    for (long i = 0; i < set->count(); i++) seen[set->pixels_of(i)[0]] = set->labels[i];
  ASSERT_EQ(seen.size(), 40u);
  for (const auto& [pixel, label] : seen) EXPECT_EQ(label, pixel % 2);
}

TEST(ValidationSplit, KeepsASetThatIsThereUnlessThereShallBeNone) {
  DataSplit data{files_in("train", {9, 9}), {}, files_in("val", {2, 2})};
  EXPECT_EQ(split_validation(data).validation.source, "val");
  EXPECT_EQ(split_validation(data).train.count(), 18);
  EXPECT_EQ(split_validation(data, 0).validation.count(), 0);
  EXPECT_TRUE(fails_saying<UsageError>([&] { split_validation(data, 0.2).train.count(); },
                                       {"--val 0.2: val has 4 validation images already"}));
  data.validation = {};
  EXPECT_TRUE(fails_saying<UsageError>([&] { split_validation(data, 18).train.count(); },
                                       {"--val 18: there are 18 training images"}));
}

TEST(ValidationSplit, IsWrittenAsCsv) {
  const ScratchFolder folder;
  DataSplit data{files_in("data", {1}), {}, files_in("data", {1})};
  data.validation.files[0] = "data/c0/a \"b\", c.png";
  write_split(folder / "split.csv", data);
  EXPECT_EQ(get(folder / "split.csv"),
            "file,label,set\nc0/0.png,c0,train\n\"c0/a \"\"b\"\", c.png\",c0,validation\n");
}

}  // namespace
}  // namespace excite
