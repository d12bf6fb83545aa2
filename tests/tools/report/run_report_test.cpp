#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// A run of one epoch on two classes, of which the first has a hostile name.
struct RunReport : testing::Test {
  ScratchFolder folder;
  const std::string run = folder / "run", html = run + "/report.html";
  Ending train() {
    for (const char* part : {"train", "test"})
      for (long i = 0; i < 12; i++)
        put_image(folder / "data/" + part + (i % 2 ? "/b&c/" : "/<script>alert(1)/") +
                      std::to_string(i) + ".png",
                  noise_image(8, 8, i));
    return excite_program({"train", "--model", "se_resnet20", "--data", folder / "data",
                           "--image-size", "8", "--batch", "6", "--epochs", "1", "--out", run});
  }
};

TEST_F(RunReport, IsWrittenAtTheEndOfARunAndShowsTheSameAgain) {
  const Ending trained = train();
  ASSERT_EQ(trained.code, 0) << trained.err;
  expect_contains(trained.out, "\nreport:   " + html + "\n");
  const std::string page = get(html);
  for (const char* words :
       {"<title>run</title>", "se_resnet20 with 274,", "<h2>Curves</h2>", ">learning rate</text>",
        "<h2>Confusion matrix</h2>", "<h2>Classes</h2>", "<h2>Calibration</h2>",
        "<h2>Worst mistakes</h2>", "<h2>Gates</h2>", "layer3.2.se", "<h2>Recipe</h2>",
        "&quot;batch&quot;: 6", "b&amp;c", "&lt;script&gt;alert(1)",
        "src=\"data:image/png;base64,"})
    expect_contains(page, words);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http:"), page.find("http://www.w3.org/2000/svg")) << "no other address";
  EXPECT_LT(page.size(), 3'000'000u);

  std::filesystem::remove(html);
  const Ending again = excite_program({"report", run});
  EXPECT_EQ(again.out, "report: " + html + "\n") << again.err;
  EXPECT_TRUE(get(html) == page);
}

TEST_F(RunReport, ShowsSeveralRunsWithAnchorsOfTheirOwn) {
  ASSERT_EQ(train().code, 0);
  std::filesystem::create_directory(folder / "other");
  for (const char* file : {"config.json", "log.csv", "last.safetensors"})
    std::filesystem::copy(run + "/" + file, folder / "other/" + file);
  expect_failure(excite_program({"report", run, folder / "other"}), 2, {"--out FILE.html"});
  const std::string both = folder / "both.html";
  const Ending ending = excite_program({"report", "--out", both, run, folder / "other"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  for (const char* words : {"<title>2 runs</title>", "id=\"run1-gates\"", "id=\"run2-gates\"",
                            "<h1>run</h1>", "<h1>other</h1>"})
    expect_contains(get(both), words);
  expect_failure(excite_program({"report", folder.path()}), 3, {"config.json"});
}

TEST_F(RunReport, ExplainWritesTheImageAndItsHeatMap) {
  ASSERT_EQ(train().code, 0);
  put_image(folder / "a.png", noise_image(20, 30, 1));
  const std::string weights = run + "/last.safetensors", out = folder / "why.png";
  const Ending ending =
      excite_program({"predict", "--weights", weights, "--explain", out, folder / "a.png"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  const Image image = read_image(out);
  EXPECT_EQ(image.height, 256);
  EXPECT_EQ(image.width, 512);
  expect_failure(excite_program({"predict", "--weights", weights, "--explain", out, "--flip",
                                 folder / "a.png"}),
                 2, {"--explain explains one model"});
}

}  // namespace
}  // namespace excite
