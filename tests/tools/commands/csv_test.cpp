// The .csv files that commands write, read by Python, with names of files and classes that contain
// what separates fields and lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/data/label_file.h"

namespace excite {
namespace {

struct CsvOf : testing::Test {
  const std::vector<std::string> names{// sorted
                                       // sorted
                                       "\"quoted\"", "=1+2",        "a\nb",
                                       "a, b",       "red\x1b[31m", "say \"hi\"",
                                       "tab\there",  "w\rin",       "\xc3\xa9,"};
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors", data = folder / "data, \"1\"",
                    csv = folder / "out.csv";
  CsvOf() {
    Rng rng(5);
    const Model model = make_model("se_resnet8", {}, std::ssize(names), rng);
    const Preprocessing preprocessing{names, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 16, 16};
    save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
    for (const std::string& name : names)
      for (const char* part : {"train", "test"})
        for (const char* file : {"0.png", "=2,\n\".png"})
          put_image(data + "/" + part + "/" + name + "/" + file, noise_image(16, 16, 1));
  }
  // The cells as Python's csv module reads them, each as its bytes in hexadecimal digits.
  std::vector<std::vector<std::string>> rows_in_python(const std::string& path) {
    put(folder / "read.py",
        "import csv, sys\n"
        "for row in csv.reader(open(sys.argv[1], newline='', encoding='utf-8'), strict=True):\n"
        "  print(' '.join(cell.encode().hex() or '-' for cell in row))\n");
    const Ending ending = Child({"python3", folder / "read.py", path}).wait();
    EXPECT_EQ(ending.code, 0) << ending.err;
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : split(ending.out, '\n'))
      if (!line.empty()) rows.push_back(split(line, ' '));
    return rows;
  }
  static std::string in_hex(const std::string& bytes) {
    std::string digits;
    for (const char c : bytes)
      for (const int nibble : {c >> 4 & 15, c & 15}) digits += "0123456789abcdef"[nibble];
    return digits;
  }
  void expect_names_in_head(const std::vector<std::string>& head) const {
    ASSERT_EQ(head.size(), names.size() + 2);
    for (std::size_t i = 0; i < names.size(); i++) EXPECT_EQ(head[i + 2], in_hex(names[i])) << i;
  }
};

TEST_F(CsvOf, EvaluateIsReadByPython) {
  const Ending ended =
      excite_program({"evaluate", "--weights", weights, "--data", data, "--csv", csv});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto rows = rows_in_python(csv);
  ASSERT_EQ(rows.size(), 1 + 2 * names.size());
  expect_names_in_head(rows[0]);
  std::set<std::string> images, expected;
  for (std::size_t i = 1; i < rows.size(); i++) images.insert(rows[i][0] + " " + rows[i][1]);
  for (const std::string& name : names)
    for (const char* file : {"0.png", "=2,\n\".png"})
      expected.insert(in_hex(data + "/test/" + name + "/" + file) + " " + in_hex(name));
  EXPECT_EQ(images, expected);
}

TEST_F(CsvOf, PredictIsReadByPython) {
  const std::string image = data + "/test/a\nb/=2,\n\".png";
  const Ending ended = excite_program({"predict", "--weights", weights, "--csv", csv, image});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto rows = rows_in_python(csv);
  ASSERT_EQ(rows.size(), 2u);
  expect_names_in_head(rows[0]);
  EXPECT_EQ(rows[1][0], in_hex(image));
  EXPECT_EQ(rows[1][1], "-");
}

// The list of a run's training and validation images is a data set itself.
TEST_F(CsvOf, ARunsSplitIsReadByPythonAndAsADataSet) {
  const std::vector<std::string> train{
      "train", "--model",      "se_resnet8",   "--epochs", "1",      "--val", "9",
      "--out", folder / "run", "--image-size", "16",       "--data", data};
  const Ending ended = excite_program(train);
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto rows = rows_in_python(folder / "run/split.csv");
  ASSERT_EQ(rows.size(), 1 + 2 * names.size());
  std::set<std::string> classes, expected;
  for (std::size_t i = 1; i < rows.size(); i++) classes.insert(rows[i][1]);
  for (const std::string& name : names) expected.insert(in_hex(name));
  EXPECT_EQ(classes, expected);
  put(data + "/train/list.csv", get(folder / "run/split.csv"));
  const DataSplit split = load_label_file(data + "/train/list.csv", OnBadImage::skip);
  EXPECT_EQ(split.train.count(), 9);
  EXPECT_EQ(split.validation.count(), 9);
  EXPECT_EQ(split.train.classes.size(), names.size());
  for (const std::string& name : names)
    EXPECT_EQ(std::count(split.train.classes.begin(), split.train.classes.end(), name), 1) << name;
}

}  // namespace
}  // namespace excite
