// Code shown in a README is code of this project: a snippet cannot rot, because each of its lines
// has to stand in a source file.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Without indentation, and without a comment at the end, which a README may word in its own way.
std::string bare(const std::string& line) {
  const std::string code = line.substr(0, line.find("  //"));
  const std::size_t first = code.find_first_not_of(' '), last = code.find_last_not_of(' ');
  return first == std::string::npos ? "" : code.substr(first, last - first + 1);
}

std::vector<std::string> files_ending_in(const std::vector<std::string>& endings) {
  std::vector<std::string> paths;
  for (const char* folder : {"core", "autograd", "layers", "models", "tools", "tests"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      for (const std::string& ending : endings)
        if (entry.path().string().ends_with(ending)) paths.push_back(entry.path());
  return paths;
}

std::vector<std::string> all_readmes() {
  std::vector<std::string> readmes = files_ending_in({"README.md"});
  readmes.push_back("README.md");
  return readmes;
}

std::set<std::string> lines_of(const std::string& path) {
  std::set<std::string> lines;
  for (const std::string& line : split(get(path), '\n')) lines.insert(bare(line));
  return lines;
}

struct Shown {
  std::string readme, file, line;  // file: only of a diff, which names it
};

// The lines of all blocks marked cpp, and those that blocks marked diff add.
std::vector<Shown> shown_code() {
  std::vector<Shown> shown;
  for (const std::string& readme : all_readmes()) {
    std::string language, file;
    for (const std::string& line : split(get(readme), '\n')) {
      if (line.starts_with("```"))
        language = line.substr(3), file.clear();
      else if (language == "diff" && line.starts_with("+++ "))
        file = line.substr(line.find('/') + 1);
      else if (language == "diff" && line.starts_with("+"))
        shown.push_back({readme, file, bare(line.substr(1))});
      else if (language == "cpp")
        shown.push_back({readme, "", bare(line)});
    }
  }
  return shown;
}

TEST(Readme, EveryLineOfCodeStandsInASourceFile) {
  std::set<std::string> everywhere;
  for (const std::string& path : files_ending_in({".h", ".cpp"})) everywhere.merge(lines_of(path));
  const std::vector<Shown> shown = shown_code();
  EXPECT_GE(shown.size(), 40u);
  for (const Shown& s : shown) {
    const std::set<std::string> lines = s.file.empty() ? everywhere : lines_of(s.file);
    EXPECT_TRUE(lines.contains(s.line))
        << s.readme << " shows a line that is not in "
        << (s.file.empty() ? "any source file" : s.file) << ": " << s.line;
  }
}

// The first block of a README in this language that has these words.
std::string block(const std::string& readme, const std::string& language,
                  const std::string& words) {
  const std::string all = get(readme), begins = "```" + language + "\n";
  for (std::size_t at = all.find(begins); at != std::string::npos; at = all.find(begins, at + 1)) {
    const std::string inside =
        all.substr(at + begins.size(), all.find("```", at + begins.size()) - at - begins.size());
    if (inside.find(words) != std::string::npos) return inside;
  }
  return "";
}

TEST(Readme, TheBlockIsShownAsItIsAndInTenLines) {
  const std::string shown = block("README.md", "cpp", "struct SqueezeExcite");
  expect_contains(get("layers/squeeze_excite.h"), shown);
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 10);
}

TEST(Readme, TheOperationShownAsAPatchCanBeTakenOut) {
  const ScratchFolder folder;
  put(folder / "patch", block("README.md", "diff", "Var sqrt"));
  const Ending o = shell("git apply --check -R --verbose " + (folder / "patch"));
  EXPECT_EQ(o.code, 0) << o.err;
  for (const char* file : {"autograd/ops.h", "autograd/ops.cpp", "tools/commands/op_cases.cpp"})
    expect_contains(o.err, std::string(file) + "...");
  const Ending left =
      shell("cp -r autograd " + (folder / "autograd") + " && cd " + folder.path() +
            " && git apply -R patch && cd autograd && cat ops.h ops.cpp op_cases.cpp");
  EXPECT_EQ(left.code, 0) << left.err;
  expect_contains(left.out, "Var log(const Var");
  EXPECT_EQ(left.out.find("sqrt(const Var"), std::string::npos);
  EXPECT_EQ(left.out.find("\"sqrt\""), std::string::npos);
}

// A line of code that is only indented would not be held by the tests above.
TEST(Readme, CodeStandsInMarkedBlocks) {
  for (const std::string& readme : all_readmes()) {
    bool marked = false;
    for (const std::string& line : split(get(readme), '\n')) {
      if (line.starts_with("```")) marked = !marked;
      EXPECT_FALSE(!marked && line.starts_with("    ") && bare(line).ends_with(";"))
          << readme << " shows code outside a block marked cpp: " << line;
    }
  }
}

// The command in the README, in C++: the lines that one reads to know the heart of it.
TEST(Readme, TheReadingPathIsAsShortAsItSays) {
  long lines = 0;
  for (const std::string& path : files_ending_in({".h", ".cpp"})) {
    const bool in_path =
        path.starts_with("core/shape.") || path.starts_with("core/tensor.") ||
        path.starts_with("autograd/var.") || path.starts_with("autograd/ops.") ||
        path.starts_with("autograd/normalization.") || path.starts_with("autograd/gradcheck.") ||
        path.starts_with("models/residual.") || path.starts_with("models/cifar_resnet.") ||
        (path.starts_with("layers/") && !path.starts_with("layers/folded.") &&
         !path.starts_with("layers/fewer_passes.") && !path.starts_with("layers/shake."));
    if (!in_path) continue;
    const std::vector<std::string> all = split(get(path), '\n');
    lines += std::count_if(all.begin(), all.end(),
                           [](const std::string& line) { return !line.empty(); });
  }
  const std::string readme = get("README.md"), digits = "0123456789,";
  const std::size_t end = readme.find(" lines:\n"),
                    begin = readme.find_last_not_of(digits, end - 1) + 1;
  std::string said = readme.substr(begin, end - begin);
  std::erase(said, ',');
  EXPECT_NEAR(static_cast<double>(lines), std::stod(said), 10)
      << "README.md says " << said << " lines";
  EXPECT_LT(lines, 1'560);
}

// [words](path) and ![words](path), relative to the folder of the README; links into the web and
// inside a page are left alone.
TEST(Readme, LinksLeadToFiles) {
  long links = 0;
  for (const std::string& readme : all_readmes()) {
    const std::string words = get(readme);
    for (std::size_t at = words.find("]("); at != std::string::npos;
         at = words.find("](", at + 1)) {
      const std::string target = words.substr(at + 2, words.find(')', at) - at - 2);
      const bool elsewhere = target.starts_with("#") || target.starts_with("https:") ||
                             target.find_first_of(" &\n") != std::string::npos;
      if (elsewhere) continue;
      links++;
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(readme).parent_path() / target))
          << readme << " links to " << target;
    }
  }
  EXPECT_GE(links, 15);
}

}  // namespace
}  // namespace excite
