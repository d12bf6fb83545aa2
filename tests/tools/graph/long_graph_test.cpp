// Graphs in the programs that show them: Graphviz, and a real browser. `make test-long` installs
// both.
#include <gtest/gtest.h>

#include "tests/support/browser.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(LongGraph, GraphvizDrawsEveryNodeAndEdge) {
  const ScratchFolder folder;
  const Ending ending = shell("$EXCITE graph --model se_resnet20 --depth 0 --dot " +
                              (folder / "g.dot") + " && dot -Tsvg " + (folder / "g.dot") +
                              " | grep -o 'class=\"[a-z]*\"' | sort | uniq -c | tr -s ' \\n' ' '");
  EXPECT_EQ(ending.code, 0) << ending.err;
  // 145 operations, as many as `summary` lists, and the image.
  EXPECT_NE(ending.out.find("146 class=\"node\""), std::string::npos) << ending.out;
}

TEST(LongGraph, ThePageStepsToTheLastNodeAndBack) {
  const ScratchFolder folder;
  const std::string page = folder / "g.html", url = "file://" + page;
  const Ending ending = excite_program({"graph", "--model", "se_resnet20", "--html", page});
  ASSERT_EQ(ending.code, 0) << ending.err;
  Browser browser;
  browser.open(url);
  const std::string status = "return document.getElementById('status').textContent";
  const long steps = browser.run("return steps.length");
  EXPECT_EQ(browser.run(status), std::to_string(steps) + " steps");

  browser.click("#next");
  EXPECT_EQ(browser.run("return document.querySelectorAll('.ran').length"), 1);
  browser.run("for (let i = 1; i < steps.length; i++) document.getElementById('next').click()");
  EXPECT_EQ(browser.run(status), "backward, step " + std::to_string(steps) + " of " +
                                     std::to_string(steps) + ": conv2d");
  EXPECT_EQ(
      browser.run("return document.querySelector('.now').id"),
      browser.run("return document.querySelector('article .gradient').closest('article').id"));
  EXPECT_EQ(browser.run("return [...document.querySelectorAll('.value, .gradient')].filter("
                        "e => getComputedStyle(e).visibility == 'hidden').length"),
            0);
  browser.click("#all");
  EXPECT_EQ(browser.run("return document.querySelectorAll('.ran').length"), 0);
  for (const std::string& requested : browser.requested())
    EXPECT_TRUE(requested.starts_with(url)) << requested;
  EXPECT_EQ(browser.console(), std::vector<std::string>{});
}

}  // namespace
}  // namespace excite
