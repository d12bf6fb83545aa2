// A report in a real browser. `make test-long` installs Chromium.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/browser.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Images of two classes of one color each, and some with the other class's color: mistakes for
// every model that learns the colors.
void put_colors(const std::string& folder, const std::string& first, const std::string& second) {
  for (const char* part : {"train", "test"})
    for (long i = 0; i < 40; i++) {
      Image image = noise_image(32, 32, i);
      const bool swapped = i % 10 == 9;
      for (std::size_t p = 0; p < image.pixels.size(); p++)
        if (p % 3 == ((i % 2 == 0) != swapped ? 0 : 2)) image.pixels[p] = 255;
      put_image(folder + "/" + part + "/" + (i % 2 == 0 ? first : second) + "/" +
                    std::to_string(i) + ".png",
                image);
    }
}

struct LongBrowser : testing::Test {
  ScratchFolder folder;
  const std::string attack = "<img src=x onerror=alert(1)>";
  std::string report() {
    put_colors(folder / "data", attack, "blue");
    const Ending ending =
        excite_program({"train", "--data", folder / "data", "--image-size", "32", "--epochs", "2",
                        "--batch", "8", "--out", folder / "run", "--model", "se_resnet20"});
    EXPECT_EQ(ending.code, 0) << ending.err;
    expect_contains(ending.out, "report:");
    return "file://" + (folder / "run/report.html");
  }
};

TEST_F(LongBrowser, AClickOnACellShowsItsImagesAndNothingIsLoaded) {
  const std::string url = report();
  Browser browser;
  browser.open(url);
  EXPECT_EQ(browser.run("return document.querySelectorAll('svg').length"), 4);
  const char* visible =
      "return [...document.querySelectorAll('.cell')].filter("
      "e => e.getBoundingClientRect().height > 0).length";
  EXPECT_EQ(browser.run(visible), 0);
  browser.click("#confusion td a");
  EXPECT_EQ(browser.run(visible), 1);
  EXPECT_GE(browser.run("return [...document.querySelectorAll('.cell:target img')].filter("
                        "i => i.complete && i.naturalWidth > 0).length"),
            1);
  EXPECT_EQ(browser.run("return document.querySelector('#classes td').textContent"), attack);
  EXPECT_EQ(browser.run("return document.querySelectorAll('img:not([src^=\"data:\"])').length"), 0);
  for (const std::string& requested : browser.requested())
    EXPECT_TRUE(requested.starts_with(url)) << requested;
  EXPECT_EQ(browser.console(), std::vector<std::string>{});
}

TEST_F(LongBrowser, FollowsTheColorSchemeOfTheSystem) {
  const std::string url = report();
  Browser browser;
  browser.open(url);
  const char* background = "return getComputedStyle(document.body).backgroundColor";
  browser.set_color_scheme("light");
  EXPECT_EQ(browser.run(background), "rgb(255, 255, 255)");
  browser.save_screenshot(folder / "light.png");
  browser.set_color_scheme("dark");
  EXPECT_EQ(browser.run(background), "rgb(22, 24, 27)");
  browser.save_screenshot(folder / "dark.png");
  const Image light = read_image(folder / "light.png"), dark = read_image(folder / "dark.png");
  EXPECT_GT(light.pixels.front(), dark.pixels.front());
}

}  // namespace
}  // namespace excite
