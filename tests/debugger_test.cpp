// The call map and the debugging session of core/README.md are what gdb sees: both run in gdb, with
// the program that `make debug` builds. A build takes minutes, so these tests are long.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <regex>

#include "core/check.h"
#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/markdown.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const char* const chapter = "core/README.md";

// ---- the chapter ----

struct Call {
  std::string name;                // "conv2d_blas core/kernels/conv2d_blas.cpp"
  std::vector<std::string> chain;  // from main to the function itself
  bool is_lambda;                  // written in the function of this name
};

// A line is a function and its file. Its caller is the nearest line above that is indented less.
// The second block continues the first one: it begins with a function of it.
std::vector<Call> call_map() {
  const std::regex row(R"(( *)(lambda in )?(\S+) +(\S+/\S+\.(?:h|cpp))( .*)?)");
  std::vector<Call> calls;
  std::map<std::string, std::vector<std::string>> chains;
  std::vector<std::pair<std::size_t, std::vector<std::string>>> open;  // columns and chains
  for (const PageLine& line : lines_of_page(chapter)) {
    std::smatch m;
    if (!line.in_block || !std::regex_match(line.text, m, row)) continue;
    const std::size_t column = m[1].length();
    const std::string name = m[3].str() + " " + m[4].str();
    while (!open.empty() && open.back().first >= column) open.pop_back();
    const bool continues = column == 0 && chains.contains(name);
    if (continues) {
      open = {{0, chains[name]}};
      continue;
    }
    std::vector<std::string> chain = open.empty() ? std::vector<std::string>{} : open.back().second;
    chain.push_back(name);
    chains[name] = chain;
    open.push_back({column, chain});
    calls.push_back({name, chain, m[2].matched});
  }
  return calls;
}

// The arguments of the program in the chapter's command, from "gdb ... --args build/debug/excite".
std::string arguments() {
  const std::regex command(R"( +gdb .*--args build/debug/excite (.*))");
  for (const PageLine& line : lines_of_page(chapter)) {
    std::smatch m;
    if (std::regex_match(line.text, m, command)) return m[1];
  }
  ADD_FAILURE() << chapter << " has no command that begins with gdb";
  return "";
}

struct Exchange {
  std::string command;
  std::vector<std::string> output;
};

// The block whose lines begin with "(gdb) ", or are what the command above them prints.
std::vector<Exchange> session() {
  std::vector<Exchange> exchanges;
  bool in_session = false;
  for (const PageLine& line : lines_of_page(chapter)) {
    in_session = line.in_block && (in_session || line.text.starts_with("(gdb) "));
    if (in_session && line.text.starts_with("(gdb) "))
      exchanges.push_back({line.text.substr(6), {}});
    else if (in_session)
      exchanges.back().output.push_back(line.text);
  }
  return exchanges;
}

// ---- gdb ----

struct NightDebugger : testing::Test {
  const ScratchFolder folder;
  const std::string build = std::filesystem::path(program()).parent_path();

  // Another process may build at the same time: the test programs run in shards.
  void SetUp() override {
    const Ending made =
        shell("flock " + build + "/debug.lock env -u MAKEFLAGS make -s debug BUILD=" + build);
    ASSERT_EQ(made.code, 0) << made.out << made.err;
  }

  // Runs a script of tests/support in gdb, with a file of lines that it reads. Returns what it
  // printed, by lines.
  std::vector<std::string> gdb(const std::string& script, const std::vector<std::string>& lines) {
    put(folder / "lines", join(lines, "\n") + "\n");
    const Ending o =
        shell("LINES_FILE=" + (folder / "lines") +
              " DEBUGINFOD_URLS= gdb -nx -q -batch -x tools/scripts/gdb_printers.py -x " + script +
              " --args " + build + "/debug/excite " + arguments() + " --out " + (folder / "run"));
    EXPECT_EQ(o.code, 0) << o.out << o.err;
    return split(o.out, '\n');
  }
};

// Of a chain, the last three, which a reader finds in the map.
std::string last_calls(const std::string& chain) {
  std::size_t at = chain.size();
  for (int calls = 0; calls < 3 && at != std::string::npos; calls++)
    at = at == 0 ? std::string::npos : chain.rfind(" > ", at - 1);
  return at == std::string::npos ? chain : chain.substr(at + 3);
}

TEST_F(NightDebugger, CallsAreThoseOfTheCallMapInItsOrder) {
  std::vector<std::string> names, expected, stops;
  const std::vector<Call> calls = call_map();
  ASSERT_GE(calls.size(), 40u);
  for (const Call& call : calls) {
    if (call.is_lambda) continue;  // no name to stop at; it is in the chain of its calls
    names.push_back(call.name);
    expected.push_back(join(call.chain, " > "));
  }
  for (const std::string& line : gdb("tests/support/gdb_walk.py", names)) {
    EXPECT_FALSE(line.starts_with("never ")) << line;
    if (line.starts_with("stop ")) stops.push_back(line.substr(5));
  }
  for (std::size_t i = 0; i < expected.size(); i++) {
    ASSERT_LT(i, stops.size()) << "gdb never stops at " << names[i];
    ASSERT_TRUE(stops[i] == expected[i]) << "the map says  ... " << last_calls(expected[i])
                                         << "\nbut gdb sees  ... " << last_calls(stops[i]);
  }
  for (std::size_t i = 0; i < calls.size(); i++)
    EXPECT_TRUE(!calls[i].is_lambda ||
                (i + 1 < calls.size() && calls[i + 1].chain.size() > calls[i].chain.size()))
        << calls[i].name << ": a lambda of the map calls nothing that is in the map";
}

// Equal but for numbers, which may differ by 1 %: another processor rounds differently.
bool is_alike(const std::string& actual, const std::string& expected) {
  const std::regex number(R"(-?\d+\.?\d*(e[-+]\d+)?)");
  if (std::regex_replace(actual, number, "#") != std::regex_replace(expected, number, "#"))
    return false;
  std::sregex_iterator a(actual.begin(), actual.end(), number), end;
  for (std::sregex_iterator e(expected.begin(), expected.end(), number); e != end; ++a, ++e) {
    const double x = std::stod(a->str()), y = std::stod(e->str());
    if (std::abs(x - y) > 0.01 * std::abs(y)) return false;
  }
  return true;
}

TEST(Debugger, NumbersAreAlikeWithinAPercent) {
  EXPECT_TRUE(is_alike("$1 = [2, 3] {1.004, -0.5, ...}", "$1 = [2, 3] {1, -0.5, ...}"));
  EXPECT_FALSE(is_alike("$1 = [2, 3] {1.02}", "$1 = [2, 3] {1}"));
  EXPECT_FALSE(is_alike("$1 = [2, 3] {1}", "$1 = [2, 4] {1}"));
  EXPECT_FALSE(is_alike("relu [2] {1}", "tanh [2] {1}"));
}

// The chapter shows the lines that matter, in their order.
TEST_F(NightDebugger, TheSessionPrintsWhatTheChapterShows) {
  const std::vector<Exchange> exchanges = session();
  ASSERT_GE(exchanges.size(), 10u);
  std::vector<std::string> commands;
  for (const Exchange& e : exchanges) commands.push_back(e.command);
  const std::vector<std::string> printed = gdb("tests/support/gdb_session.py", commands);
  std::size_t at = 0;
  for (const Exchange& e : exchanges) {
    while (at < printed.size() && printed[at] != "(gdb) " + e.command) at++;
    at++;
    const std::size_t first = at;
    for (const std::string& line : e.output) {
      at = first;
      while (at < printed.size() && !is_alike(printed[at], line) &&
             !printed[at].starts_with("(gdb) "))
        at++;
      EXPECT_TRUE(at < printed.size() && is_alike(printed[at], line))
          << "after (gdb) " << e.command << " expected " << line << ", but it prints:\n"
          << join({printed.begin() + first, printed.end()}, "\n").substr(0, 1000);
    }
  }
}

}  // namespace
}  // namespace excite
