// The man page and the completion for bash have every command and every option.
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

std::vector<std::string> commands() {
  return split(shell("$EXCITE --help | sed -n '/^Other:/q; s/^  \\([a-z]*\\)  .*/\\1/p'").out,
               '\n');
}

TEST(HelpPages, TheManPageHasTheHelpOfEveryCommand) {
  const std::string page = shell("tools/scripts/help-pages man $EXCITE").out;
  EXPECT_GE(commands().size(), 15u);
  for (const std::string& command : commands()) {
    if (command.empty()) continue;
    for (const std::string& line : split(excite_program({command, "--help"}).out, '\n')) {
      std::string escaped;
      for (const char c : line) escaped += c == '-' ? "\\-" : std::string(1, c);
      const bool is_plain = line.find('\\') == std::string::npos;
      EXPECT_TRUE(!is_plain || page.find(escaped) != std::string::npos) << command << ": " << line;
    }
  }
  EXPECT_NE(page.find("2: the command line is wrong"), std::string::npos);
}

TEST(HelpPages, BashCompletesCommandsAndOptions) {
  const ScratchFolder folder;
  const std::string file = folder / "excite";
  shell("tools/scripts/help-pages completion $EXCITE > " + file);
  const auto completed = [&](const std::string& words, int position) {
    return shell("bash -c '. " + file + "; COMP_WORDS=(" + words +
                 "); COMP_CWORD=" + std::to_string(position) + "; _excite; echo ${COMPREPLY[@]}'")
        .out;
  };
  EXPECT_EQ(completed("excite tr", 1), "train\n");
  EXPECT_EQ(completed("excite summary --im", 2), "--image-size\n");
  EXPECT_EQ(completed("excite plot tools/README", 2), "tools/README.md\n");
  for (const std::string& command : commands()) {
    if (command.empty()) continue;
    EXPECT_NE(completed("excite " + command + " --", 2).find("--help"), std::string::npos);
  }
}

}  // namespace
}  // namespace excite
