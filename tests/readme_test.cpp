// Code and figures in a README are those of this project: each line of code is in a source file,
// and each figure that a committed file can give is that file's.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <set>

#include "core/check.h"
#include "tests/support/child.h"
#include "tests/support/markdown.h"
#include "tools/training/log.h"

namespace excite {
namespace {

// ---- code ----

// Without indentation, and without a comment at the end, which a README may word in its own way.
std::string bare(const std::string& line) {
  const std::string code = line.substr(0, line.find("  //"));
  const std::size_t first = code.find_first_not_of(' '), last = code.find_last_not_of(' ');
  return first == std::string::npos ? "" : code.substr(first, last - first + 1);
}

std::set<std::string> lines_of(const std::string& path) {
  std::set<std::string> lines;
  for (const std::string& line : split(get(path), '\n')) lines.insert(bare(line));
  return lines;
}

struct Snippet {
  std::string page, file, line;  // file: only of a diff, which names it
};

// The lines of all blocks marked cpp, and the lines that blocks marked diff add.
std::vector<Snippet> snippets() {
  std::vector<Snippet> found;
  for (const std::string& page : pages()) {
    std::string file;
    for (const PageLine& line : lines_of_page(page)) {
      if (line.language == "diff" && line.text.starts_with("+++ "))
        file = line.text.substr(line.text.find('/') + 1);
      else if (line.language == "diff" && line.text.starts_with("+"))
        found.push_back({page, file, bare(line.text.substr(1))});
      else if (line.language == "cpp")
        found.push_back({page, "", bare(line.text)});
    }
  }
  return found;
}

TEST(Readme, EveryLineOfCodeIsInASourceFile) {
  std::set<std::string> everywhere;
  for (const std::string& path : files_ending_in({".h", ".cpp"})) everywhere.merge(lines_of(path));
  const std::vector<Snippet> all = snippets();
  EXPECT_GE(all.size(), 40u);
  for (const Snippet& s : all) {
    EXPECT_TRUE(s.file.empty() ? everywhere.contains(s.line) : lines_of(s.file).contains(s.line))
        << s.page << " shows a line that is not in "
        << (s.file.empty() ? "any source file" : s.file) << ": " << s.line;
  }
}

// The first block of a page in this language that contains these words.
std::string block(const std::string& page, const std::string& language, const std::string& words) {
  const std::string all = get(page), begins = "```" + language + "\n";
  for (std::size_t at = all.find(begins); at != std::string::npos; at = all.find(begins, at + 1)) {
    const std::string inside =
        all.substr(at + begins.size(), all.find("```", at + begins.size()) - at - begins.size());
    if (inside.find(words) != std::string::npos) return inside;
  }
  ADD_FAILURE() << page << " has no block marked " << language << " with the words: " << words;
  return "no such block";
}

void expect_says(const std::string& path, const std::string& words) {
  EXPECT_NE(get(path).find(words), std::string::npos) << path << " does not contain: " << words;
}

TEST(Readme, TheSqueezeAndExcitationBlockIsShownAsItIs) {
  expect_says("layers/squeeze_excite.h", block("README.md", "cpp", "struct SqueezeExcite"));
}

TEST(Readme, ThePatchThatAddsAnOperationCanBeTakenOut) {
  const ScratchFolder folder;
  const std::vector<std::string> files{"autograd/ops.h", "autograd/ops.cpp",
                                       "tools/commands/op_cases.cpp"};
  put(folder / "patch", block("README.md", "diff", "Var sqrt"));
  for (const std::string& file : files) {
    std::filesystem::create_directories(std::filesystem::path(folder / file).parent_path());
    std::filesystem::copy_file(file, folder / file);
  }
  const Ending reverted = shell("cd " + folder.path() + " && git apply -R --verbose patch");
  ASSERT_EQ(reverted.code, 0) << reverted.err;
  for (const std::string& file : files) {
    expect_contains(reverted.err, file);
    EXPECT_EQ(get(folder / file).find("sqrt(const Var"), std::string::npos) << file;
    EXPECT_EQ(get(folder / file).find("\"sqrt\""), std::string::npos) << file;
  }
}

TEST(Readme, TheGradientExampleIsTheFileThatIsBuilt) {
  EXPECT_EQ(block("README.md", "cpp", "my_op"), get("tests/consumer/gradient_check.cpp"));
  const std::string readme = get("README.md");
  EXPECT_LT(readme.find("](tests/consumer/gradient_check.cpp)"), readme.find("g++ gradient_check"));
}

// A line of code that is only indented would escape the tests above.
TEST(Readme, CodeIsInMarkedBlocks) {
  for (const std::string& page : pages())
    for (const PageLine& line : lines_of_page(page))
      EXPECT_FALSE(!line.in_block && line.text.starts_with("    ") &&
                   bare(line.text).ends_with(";"))
          << page << ":" << line.number << " shows code outside a block marked cpp: " << line.text;
}

// ---- the reading order ----

struct ReadingStep {
  long minutes;
  std::string chapter;  // empty where the step before it has the same chapter
  std::vector<std::pair<std::string, long>> files;  // and how many lines the table says they have
};

// The rows of README.md's table: | step | minutes | chapter | files and their lines | ... |
std::vector<ReadingStep> reading_order() {
  const std::regex link(R"(\]\(([^)]+)\)(?: ([0-9]+))?)"), row(R"(\| [0-9]+ \| ([0-9]+) \|.*)");
  std::vector<ReadingStep> steps;
  for (const PageLine& line : lines_of_page("README.md")) {
    std::smatch numbers;
    if (!std::regex_match(line.text, numbers, row)) continue;
    ReadingStep step{std::stol(numbers[1]), "", {}};
    for (std::sregex_iterator at(line.text.begin(), line.text.end(), link), end; at != end; ++at) {
      const std::string path = (*at)[1], lines = (*at)[2];
      if (path.ends_with(".md"))
        step.chapter = path;
      else
        step.files.push_back({path, lines.empty() ? 0 : std::stol(lines)});
    }
    steps.push_back(step);
  }
  return steps;
}

long line_count(const std::string& path) {
  return static_cast<long>(split(get(path), '\n').size());
}

// At 200 words of prose or 40 lines of code per minute, rounded up to five minutes.
long minutes_for(long words, long lines) {
  const double minutes = static_cast<double>(words) / 200 + static_cast<double>(lines) / 40;
  return 5 * static_cast<long>(std::ceil(minutes / 5));
}

TEST(Readme, TheReadingOrderTakesAsLongAsItSays) {
  long all_minutes = 0, all_lines = 0;
  const std::vector<ReadingStep> steps = reading_order();
  EXPECT_GE(steps.size(), 7u);
  for (const ReadingStep& step : steps) {
    const long words = step.chapter.empty() ? 0 : words_in(get(step.chapter));
    long lines = 0;
    EXPECT_FALSE(step.files.empty());
    for (const auto& [path, said] : step.files) {
      EXPECT_EQ(said, line_count(path)) << "README.md's number of lines of " << path;
      lines += line_count(path);
    }
    EXPECT_EQ(step.minutes, minutes_for(words, lines))
        << "README.md's minutes for " << words << " words of '" << step.chapter << "' and " << lines
        << " lines of " << step.files.front().first << " and so on";
    all_minutes += minutes_for(words, lines);
    all_lines += lines;
  }
  expect_says("README.md", text("Together: ", all_minutes, " minutes, ", all_lines, " lines"));
}

std::vector<std::string> included_by(const std::string& path) {
  const std::regex include("#include \"([^\"]+)\"");
  std::vector<std::string> files;
  for (const std::string& line : split(get(path), '\n')) {
    std::smatch file;
    if (std::regex_match(line, file, include)) files.push_back(file[1]);
  }
  return files;
}

// The links of README.md's paragraph that begins with "Later: ".
std::set<std::string> later_files() {
  const std::regex link(R"(\]\(([^)]+)\))");
  std::set<std::string> files;
  bool in_paragraph = false;
  for (const PageLine& line : lines_of_page("README.md")) {
    in_paragraph = line.text.starts_with("Later: ") || (in_paragraph && !line.text.empty());
    if (!in_paragraph) continue;
    for (std::sregex_iterator at(line.text.begin(), line.text.end(), link), end; at != end; ++at)
      files.insert((*at)[1]);
  }
  return files;
}

TEST(Readme, TheReadingOrderNamesEveryFileThatItsFilesInclude) {
  std::set<std::string> listed, included, later = later_files();
  for (const ReadingStep& step : reading_order())
    for (const auto& [path, lines] : step.files) listed.insert(path);
  for (const std::string& path : listed)
    for (const std::string& header : included_by(path)) {
      included.insert(header);
      EXPECT_TRUE(listed.contains(header) || later.contains(header))
          << path << " includes " << header
          << ", which is neither in README.md's reading order nor in its paragraph \"Later: \"";
    }
  EXPECT_GE(included.size(), 20u);
  for (const std::string& path : later) {
    EXPECT_TRUE(included.contains(path)) << path << " is in \"Later: \", but nothing includes it";
    EXPECT_FALSE(listed.contains(path)) << path << " is both in the list and in \"Later: \"";
  }
}

// The network that is read first uses no file of the general families, and nothing that is fused.
TEST(Readme, TheFirstNetworkIsReadWithoutTheFastOnes) {
  std::set<std::string> listed;
  for (const ReadingStep& step : reading_order())
    for (const auto& [path, lines] : step.files) listed.insert(path);
  for (const char* path :
       {"layers/conv2d.h", "layers/linear.h", "layers/batch_norm.h", "layers/squeeze_excite.h",
        "layers/module.h", "layers/block.h", "models/shortcut.h", "models/cifar_resnet.h",
        "models/cifar_resnet.cpp", "models/network.h"})
    EXPECT_TRUE(listed.contains(path)) << path;
  for (const std::string& path : listed) EXPECT_EQ(path.find("fused"), std::string::npos) << path;
}

// ---- figures and names from other files ----

template <class... Numbers>
std::string formatted(const char* format, Numbers... numbers) {
  char words[200];
  std::snprintf(words, sizeof words, format, numbers...);
  return words;
}

TEST(Readme, FiguresOfTheBuiltInRunAreThoseOfItsLog) {
  const std::vector<EpochRow> rows = read_log("tools/training/se_resnet20-builtin.csv");
  const EpochRow &first = rows.front(), &last = rows.back();
  EXPECT_EQ(rows.size(), 7u) << "README.md says seven epochs";
  expect_says("README.md", formatted("%.2f %%", 100 * last.test->accuracy));
  expect_says("README.md", formatted("from %.0f to %.0f percent", 100 * first.test->accuracy,
                                     100 * last.test->accuracy));
  expect_says("tools/data/README.md", formatted("%.1f %%", 100 * last.test->accuracy));
}

TEST(Readme, EpochsOfTheBuiltInRunAreShownAsTheyWere) {
  std::set<std::string> expected, shown;
  for (const EpochRow& r : read_log("tools/training/se_resnet20-builtin.csv"))
    expected.insert(formatted(
        "epoch %ld/7  loss %.4f  accuracy %.2f %%  validation accuracy %.2f %%  test accuracy "
        "%.2f %%",
        r.epoch, r.train_loss, 100 * r.train_accuracy, 100 * r.validation->accuracy,
        100 * r.test->accuracy));
  const std::regex epoch("epoch [1-7]/7  loss .* test accuracy [0-9.]+ %");
  for (const std::string& page : pages())
    for (const PageLine& line : lines_of_page(page)) {
      std::smatch found;
      if (std::regex_search(line.text, found, epoch)) shown.insert(found[0]);
    }
  EXPECT_EQ(shown, expected);
}

// README.md's table has a row for each package that a build needs, as tools/scripts/find-packages
// lists them: header, then the names in Debian, Fedora, Arch and Homebrew.
TEST(Readme, PackagesAreThoseThatABuildLooksFor) {
  const std::regex row("([A-Za-z/_]+\\.hp*) (\\S+) (\\S+) (\\S+) ([^\\s\"]+)\"?");
  long packages = 0;
  for (const std::string& line : split(get("tools/scripts/find-packages"), '\n')) {
    std::smatch m;
    if (!std::regex_match(line, m, row)) continue;
    packages++;
    expect_says("README.md", text("| ", m[2].str(), " | ", m[3].str(), " | ", m[4].str(), " | ",
                                  m[5].str(), " |"));
  }
  EXPECT_EQ(packages, 5);
}

}  // namespace
}  // namespace excite
