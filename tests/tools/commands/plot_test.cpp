#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/scratch.h"
#include "tools/commands/svg.h"
#include "tools/training/log.h"

namespace excite {
namespace {

// A run of two epochs. The largest loss is 2, so the loss axis ends at 2. A panel is 300 pixels
// wide and 220 high, and begins 40 pixels below the top.
void write_run(const std::string& folder) {
  std::filesystem::create_directory(folder);
  write_log_row(folder + "/log.csv",
                {1, 2, 0.25, SetResult{1, 0.25}, SetResult{1.5, 0.5}, 0.1, 1, 800, 60, 500});
  write_log_row(folder + "/log.csv",
                {2, 1, 0.5, SetResult{0.5, 0.5}, SetResult{0.5, 1}, 0.05, 1, 800, 60, 500});
}

TEST(Plot, DrawsLossAndAccuracyOfTheThreeSets) {
  const ScratchFolder folder;
  write_run(folder / "first");
  const Ending ending = excite_program({"plot", "--out", folder / "curve.svg", folder / "first"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  const std::string svg = get(folder / "curve.svg");
  const std::string color = "fill=\"none\" stroke=\"#2f8fd0\" stroke-width=\"2\"",
                    dashes = " stroke-dasharray=\"5 4\"/>\n";
  expect_contains(svg, "points=\"200.0,40.0 350.0,150.0\" " + color +
                           dashes);  // loss of the training set: 2, 1
  expect_contains(
      svg, "points=\"200.0,95.0 350.0,205.0\" " + color + "/>\n");  // of the test set: 1.5, 0.5
  expect_contains(svg,
                  "points=\"590.0,205.0 740.0,150.0\" " + color + dashes);  // accuracy: 25 and 50 %
  expect_contains(svg, "points=\"590.0,150.0 740.0,40.0\" " + color + "/>\n");  // 50 and 100 %
  expect_contains(svg, "points=\"200.0,150.0 350.0,205.0\" " + color +
                           " stroke-dasharray=\"1 3\"/>\n");  // loss of the validation set: 1, 0.5
  for (const char* words : {">validation set<", ">loss<", ">accuracy<", ">epoch<", ">first<",
                            ">training set<", ">test set<", ">1.5<", ">100 %<", ">2<"})
    expect_contains(svg, words);
}

TEST(Plot, IsXmlAndNamesEachRunInItsColor) {
  const ScratchFolder folder;
  write_run(folder / "a<b>&c");
  write_run(folder / "second");
  put(folder / "copy.csv", get(folder / "second/log.csv"));
  const Ending drawn = excite_program({"plot", "--out", folder / "curve.svg", folder / "a<b>&c/",
                                       folder / "second/log.csv", folder / "copy.csv"});
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  const std::string names =
      "import sys, xml.dom.minidom as x\n"
      "print([t.firstChild.data + t.getAttribute('fill') for t in "
      "x.parse(sys.argv[1]).getElementsByTagName('text')"
      " if t.getAttribute('fill') != '#808080'])";
  const Ending parsed = Child({"python3", "-c", names, folder / "curve.svg"}).wait();
  EXPECT_EQ(parsed.out, "['a<b>&c#2f8fd0', 'second#e0702c', 'copy#10cc74']\n") << parsed.err;
}

// The program draws the image of the README from the log stored beside it.
TEST(Plot, DrawsTheReadmesImageAgain) {
  const ScratchFolder folder;
  EXPECT_EQ(excite_program(
                {"plot", "--out", folder / "curve.svg", "tools/training/se_resnet20-builtin.csv"})
                .code,
            0);
  EXPECT_EQ(get(folder / "curve.svg"), get("tools/training/se_resnet20-builtin.svg"));
  expect_contains(get("README.md"), "(tools/training/se_resnet20-builtin.svg)");
}

TEST(Plot, RoundsHalvesUpWhateverTheLastBitIs) {
  for (const double y : {59.25, 59.25 - 1e-13, 59.25 + 1e-13}) EXPECT_EQ(svg::tenths(y), "59.3");
  EXPECT_EQ(svg::tenths(59.249), "59.2");
  EXPECT_EQ(svg::tenths(-0.25), "-0.2");
}

TEST(Plot, NamesTheInvalidLineOfALog) {
  const ScratchFolder folder;
  write_run(folder / "run");
  const std::string good = get(folder / "run/log.csv"),
                    header = good.substr(0, good.find('\n') + 1);
  const auto refused = [&](const std::string& log, const std::vector<std::string>& words) {
    put(folder / "bad.csv", log);
    expect_failure(excite_program({"plot", "--out", folder / "bad.svg", folder / "bad.csv"}), 3,
                   words);
    EXPECT_FALSE(std::filesystem::exists(folder / "bad.svg"));
  };
  refused("epoch,loss\n1,2\n", {"bad.csv", "first line"});
  refused("", {"bad.csv", "first line"});
  refused(header, {"bad.csv", "no epoch"});
  refused(header + "1,2,3\n", {"bad.csv: line 2", "3 numbers", "expected 14"});
  refused(header + "1,nan,0,0,0,0,0,0,0,0,0,0,0,0\n", {"line 2", "'nan'", "finite"});
  refused(good + "2,1,0,0,0,0,0,0,0,0,0,0,0,0\n", {"line 4", "epoch 2", "above 2"});
  expect_failure(excite_program({"plot", "--out", folder / "bad.svg", folder / "nowhere"}), 3,
                 {"nowhere"});
}

TEST(Plot, WritesOnlySvg) {
  const ScratchFolder folder;
  expect_failure(excite_program({"plot", "--out", folder / "curve.png",
                                 "tools/training/se_resnet20-builtin.csv"}),
                 2, {"plot: --out ", "curve.png: expected a name that ends in .svg"});
  expect_failure(excite_program({"roofline", "--out", folder / "roof", "core/roofline.json"}), 2,
                 {"roofline: --out ", "roof: expected a name that ends in .svg"});
  EXPECT_TRUE(folder.files().empty());
}

}  // namespace
}  // namespace excite
