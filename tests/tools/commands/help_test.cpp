// `excite --help` and `excite COMMAND --help`.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::vector<std::string> commands{"train",    "evaluate",  "predict",  "convert", "models",
                                        "summary",  "inspect",   "images",   "plot",    "bench",
                                        "roofline", "gradcheck", "backward", "export",  "gates",
                                        "report",   "compare",   "data",     "graph",   "lr-find"};

std::string help_of(const std::string& command) {
  const Ending help = excite_program({command, "--help"});
  EXPECT_EQ(help.code, 0) << command;
  EXPECT_EQ(help.err, "") << command;
  return help.out;
}

TEST(Help, ListsTheCommandsInGroupsWithOneLineEach) {
  const Ending help = excite_program({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  expect_contains(help.out, "Usage: excite COMMAND [OPTIONS]\n");
  for (const std::string& command : commands) expect_contains(help.out, "\n  " + command + " ");
  std::size_t previous = 0;
  for (const char* heading :
       {"\nTraining:\n  train ", "\nUsing trained weights:\n  evaluate ",
        "\nLooking at models, files and data:\n  models ", "\nMeasuring speed:\n  bench ",
        "\nChecking gradients:\n  gradcheck "}) {
    const std::size_t at = help.out.find(heading);
    ASSERT_NE(at, std::string::npos) << heading << " is not in " << help.out;
    EXPECT_GT(at, previous) << heading;
    previous = at;
  }
  const std::size_t lines = split(help.out, '\n').size();
  EXPECT_LE(lines, commands.size() + 20) << "each command has one line";
}

TEST(Help, OfEachCommandHasUsageAndExamples) {
  for (const std::string& command : commands) {
    const std::string help = help_of(command);
    EXPECT_TRUE(help.starts_with("Usage: excite " + command + " [OPTIONS]")) << help;
    const std::size_t examples = help.find("\nExamples:\n  excite");
    ASSERT_NE(examples, std::string::npos) << help;
    for (const std::string& line : split(help.substr(examples + 11), '\n'))
      EXPECT_TRUE(line.starts_with("  excite ") || line.starts_with("  excite-double ")) << line;
    expect_contains(help.substr(examples), " " + command + " ");
  }
}

TEST(Help, FitsA100ColumnTerminalAndHasNoNoise) {
  for (std::string command : commands) {
    const std::string help = help_of(command);
    for (const std::string& line : split(help, '\n')) EXPECT_LE(line.size(), 100u) << line;
    for (const char* noise : {"TEXT", "REQUIRED", "INT in [", "INT:", "FLOAT:", "=[]", "{false}",
                              "Excludes", "Needs", "Positionals"})
      EXPECT_EQ(help.find(noise), std::string::npos) << command << " --help has " << noise;
  }
}

// The options of a help: the lines that begin with two spaces and a dash.
std::vector<std::string> options_in(const std::string& help) {
  std::vector<std::string> options;
  for (const std::string& line : split(help, '\n'))
    if (line.starts_with("  -")) options.push_back(line.substr(2, line.find("  ", 2) - 2));
  return options;
}

TEST(Help, ListsEachOptionOnce) {
  for (const std::string& command : commands) {
    std::map<std::string, int> times;
    for (const std::string& option : options_in(help_of(command)))
      times[split(option, ' ').front()]++;
    EXPECT_EQ(times["-h,"], 1) << command;
    for (const auto& [option, count] : times) EXPECT_EQ(count, 1) << command << " " << option;
  }
}

// A short option has its description on the same line; the descriptions are aligned.
TEST(Help, AlignsDescriptionsAndShowsDefaultsInBrackets) {
  const std::string help = help_of("bench");
  const auto column_of = [&](const std::string& words) {
    const std::size_t at = help.find(words);
    return at == std::string::npos ? at : at - help.rfind('\n', at);
  };
  EXPECT_EQ(column_of("Images per step [128]\n"), column_of("Model to create;"));
  EXPECT_EQ(column_of("Print this help\n"), column_of("Model to create;"));
  expect_contains(help, "\n  --batch INT ");
  expect_contains(help, "[se_resnet20]\n");
  expect_contains(help, "[available cores]\n");
  expect_contains(help_of("train"), "[sgd and muon 0.0005, adamw 0.05]\n");
  expect_contains(help_of("train"), "\n  --nesterov, --no-nesterov ");
}

TEST(Help, NamesRequiredOptionsInTheUsageLine) {
  expect_contains(help_of("convert"), "Usage: excite convert [OPTIONS] --to FORMAT IN OUT\n");
  expect_contains(help_of("evaluate"), "Usage: excite evaluate [OPTIONS] --weights FILE\n");
  expect_contains(help_of("predict"), "Usage: excite predict [OPTIONS] [IMAGE...]\n");
  expect_contains(help_of("plot"), "Usage: excite plot [OPTIONS] RUN...\n");
  expect_contains(help_of("gates"), "Usage: excite gates [OPTIONS] --weights FILE [IMAGE...]\n");
  expect_contains(help_of("models"), "Usage: excite models [OPTIONS]\n");
}

TEST(Help, GroupsTheOptionsOfTrain) {
  const std::string help = help_of("train");
  std::size_t previous = 0;
  for (const char* heading :
       {"\nModel:\n", "\nData:\n", "\nOptimization:\n", "\nAugmentation and regularization:\n",
        "\nRun:\n", "\nOutput:\n", "\nOther:\n", "\nExamples:\n"}) {
    const std::size_t at = help.find(heading);
    ASSERT_NE(at, std::string::npos) << heading;
    EXPECT_GT(at, previous) << heading;
    previous = at;
  }
}

// The lines of an option's description, joined.
std::string description_of(const std::string& command, const std::string& option) {
  std::string words;
  bool inside = false;
  for (const std::string& line : split(help_of(command), '\n')) {
    const bool begins = line.starts_with("  -") || !line.starts_with("  ");
    if (begins) inside = line.starts_with("  " + option + " ");
    if (!inside) continue;
    const std::size_t from = begins ? line.find("  ", 3) : 0;
    words += (words.empty() ? "" : " ") + line.substr(line.find_first_not_of(' ', from));
  }
  return words;
}

TEST(Help, DescribesAnOptionTheSameInAllCommands) {
  const std::map<std::string, std::vector<std::string>> same{
      {"--threads", {"train", "evaluate", "predict", "bench", "backward", "gates"}},
      {"--strict", {"train", "evaluate", "predict"}},
      {"--limit", {"train", "evaluate", "gates"}},
      {"--csv", {"evaluate", "predict"}},
      {"--data", {"train", "evaluate", "images"}},
      {"--plain", {"train", "bench", "evaluate", "predict"}},
      {"--conv", {"train", "bench", "evaluate", "predict"}},
      {"--set", {"train", "summary", "bench"}},
      {"--model", {"train", "bench"}}};
  for (const auto& [option, all] : same)
    for (const std::string& command : all) {
      EXPECT_NE(description_of(command, option), "") << command << " " << option;
      EXPECT_EQ(description_of(command, option), description_of(all.front(), option)) << command;
    }
}

}  // namespace
}  // namespace excite
