#include "tools/report/page.h"

#include <gtest/gtest.h>

#include "core/images/image.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/report/data_uri.h"

namespace excite {
namespace {

TEST(Markup, EscapesTextAndAttributesButNotElements) {
  const Markup name = "<img src=x onerror=\"alert(1)\"> & \x1b[31m";
  EXPECT_EQ(name.xml(), "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; ?[31m");
  EXPECT_EQ(element("p", {{"title", "\"<&>"}}, "a " + element("b", {}, "<")).xml(),
            "<p title=\"&quot;&lt;&amp;&gt;\">a <b>&lt;</b></p>");
  EXPECT_EQ(empty_element("img", {{"src", "x"}}).xml(), "<img src=\"x\"/>");
  EXPECT_EQ(Markup::lines("a<\nb").xml(), "a&lt;\nb\n");
}

TEST(DataUri, Base64IsThatOfTheStandard) {  // RFC 4648, section 10
  const auto encoded = [](const std::string& s) { return base64({s.begin(), s.end()}); };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64({0xff, 0xfb, 0xff}), "//v/");
}

TEST(DataUri, ThumbnailsKeepSmallImagesAndTheAspectRatio) {
  const Image small = noise_image(20, 30, 1), wide = noise_image(100, 400, 2);
  EXPECT_EQ(thumbnail(ImageSource(small), 64).pixels, small.pixels);
  const Image shrunk = thumbnail(ImageSource(wide), 64);
  EXPECT_EQ(shrunk.height, 16);
  EXPECT_EQ(shrunk.width, 64);
  EXPECT_TRUE(png_data_uri(small).starts_with("data:image/png;base64,iVBORw0KGgo"));
}

TEST(Page, LoadsAndRunsNothing) {
  const std::string html = page("a<b", section("s", "Head", table({"x"}, {{"1"}, {"2"}})));
  EXPECT_TRUE(html.starts_with("<!doctype html>\n<html lang=\"en\">"));
  expect_contains(html, "<title>a&lt;b</title>");
  expect_contains(html, "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"");
  expect_contains(html, "prefers-color-scheme: dark");
  expect_contains(html, "<section id=\"s\"><h2>Head</h2>");
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("http"), html.find("http-equiv")) << "no address";
}

}  // namespace
}  // namespace excite
