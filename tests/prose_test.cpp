// The language of all pages and comments: links lead somewhere, lines fit a page, and words that
// only this project once used are gone.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <regex>
#include <set>

#include "core/check.h"
#include "tests/support/markdown.h"

namespace excite {
namespace {

// As GitHub makes an anchor of a heading: "How fast: `gemm.h`" is "how-fast-gemmh".
std::string anchor(const std::string& heading) {
  std::string made;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_')
      made += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (c == ' ')
      made += '-';
  }
  return made;
}

std::set<std::string> anchors_of(const std::string& page) {
  std::set<std::string> anchors;
  for (const PageLine& line : lines_of_page(page))
    if (!line.in_block && line.text.starts_with("#"))
      anchors.insert(anchor(line.text.substr(line.text.find(' ') + 1)));
  return anchors;
}

TEST(Prose, AnAnchorIsMadeOfAHeading) { EXPECT_EQ(anchor("How fast: `gemm.h`"), "how-fast-gemmh"); }

// [words](path#heading) and ![words](path), relative to the folder of the page. Links into the web
// are left alone.
TEST(Prose, LinksLeadToFilesAndHeadings) {
  const std::regex code("`[^`]*`"), link(R"(\]\(([^)\s]+)\))");
  long links = 0;
  for (const std::string& page : pages())
    for (const PageLine& line : lines_of_page(page)) {
      if (line.in_block) continue;
      const std::string words = std::regex_replace(line.text, code, "");
      for (std::sregex_iterator at(words.begin(), words.end(), link), end; at != end; ++at) {
        const std::string target = (*at)[1];
        if (target.starts_with("https://")) continue;
        links++;
        const std::size_t hash = std::min(target.find('#'), target.size());
        const std::string path =
            hash == 0
                ? page
                : (std::filesystem::path(page).parent_path() / target.substr(0, hash)).string();
        EXPECT_TRUE(std::filesystem::exists(path))
            << page << ":" << line.number << " links to " << target << ", which does not exist";
        if (hash < target.size() && std::filesystem::exists(path)) {
          EXPECT_TRUE(anchors_of(path).contains(target.substr(hash + 1)))
              << page << ":" << line.number << " links to " << target << ", but " << path
              << " has no such heading";
        }
      }
    }
  EXPECT_GE(links, 100);
}

// A call's arguments are computed before it, so text() in those of require() would be built each
// time, and most checks are made in every pass.
TEST(Prose, ErrorsBecomeTextOnlyWhenTheyOccur) {
  long checks = 0;
  for (const std::string& path : files_ending_in({".cpp", ".h"})) {
    if (path.starts_with("tests/") || path.starts_with("tools/") || path == "core/check.h")
      continue;
    const std::string source = get(path);
    for (std::size_t at = 0; (at = source.find(" require(", at)) != std::string::npos; checks++) {
      const std::string check = source.substr(at, source.find(';', at) - at);
      EXPECT_EQ(check.find(" text("), std::string::npos) << path << ":" << check;
      at += check.size();
    }
  }
  EXPECT_GE(checks, 100);
}

// Tables, blocks, images, indented lines (commands and formulas) and lines with an address may be
// longer.
TEST(Prose, LinesEndAtColumn100) {
  constexpr std::size_t columns = 100;
  for (const std::string& page : pages())
    for (const PageLine& line : lines_of_page(page)) {
      const bool exempt = line.in_block || line.text.starts_with("|") ||
                          line.text.starts_with("![") || line.text.starts_with("    ") ||
                          line.text.find("://") != std::string::npos;
      EXPECT_TRUE(exempt || line.text.size() <= columns)
          << page << ":" << line.number << " has " << line.text.size() << " columns";
    }
}

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Where `words` are in `text`, as whole words, or npos. Both are in lower case.
std::size_t find_words(const std::string& text, const std::string& words) {
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    const std::size_t end = at + words.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end])))
      return at;
  }
  return std::string::npos;
}

// In lower case, with one space for each line break and the comment sign after it, so that a phrase
// is found where it goes over two lines.
std::string running_text(const std::string& text) {
  std::string running;
  for (std::string line : split(text, '\n')) {
    line.erase(0, std::min(line.find_first_not_of(" /"), line.size()));
    for (const char c : line)
      running += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    running += ' ';
  }
  return running;
}

TEST(Prose, WordsAreFoundAcrossLinesButNotInsideWords) {
  EXPECT_NE(find_words(running_text("// read In\n  // passing."), "in passing"), std::string::npos);
  EXPECT_EQ(find_words(running_text("picture_size, wishes"), "picture"), std::string::npos);
  EXPECT_EQ(find_words(running_text("picture_size, wishes"), "wish"), std::string::npos);
}

// The field has other words for these; CHANGELOG.md may name what was renamed.
TEST(Prose, PrivateWordsAreGone) {
  const std::vector<std::string> gone{"picture",       "pictures",    "jury",       "voter",
                                      "voters",        "wish",        "in passing", "comes to",
                                      "fewer passes",  "stands left", "whoever",    "blotted",
                                      "nobody vouches"};
  for (const std::string& path : files_ending_in({".md", ".h", ".cpp"})) {
    if (path == "CHANGELOG.md" || path == "tests/prose_test.cpp") continue;
    const std::string running = running_text(get(path));
    for (const std::string& words : gone) {
      const std::size_t at = find_words(running, words);
      EXPECT_EQ(at, std::string::npos)
          << path << " says '" << words << "': ..."
          << running.substr(at < 40 ? 0 : std::min(at - 40, running.size()), 90);
    }
  }
}

}  // namespace
}  // namespace excite
