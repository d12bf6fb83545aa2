// core/REFERENCE.md is what tools/scripts/reference makes of the headers, and the script finds the
// comment of each declaration.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Reference, ThePageIsWhatTheScriptMakesOfTheHeaders) {
  const Ending made = shell("tools/scripts/reference");
  EXPECT_EQ(made.code, 0) << made.err;
  const std::vector<std::string> page = split(get("core/REFERENCE.md"), '\n'),
                                 expected = split(made.out, '\n');
  std::size_t line = 0;
  while (line < page.size() && line < expected.size() && page[line] == expected[line]) line++;
  EXPECT_TRUE(line == page.size() && line == expected.size())
      << "core/REFERENCE.md:" << line + 1
      << " differs from the headers; `make reference` makes the page again";
}

// A source tree with one header.
struct ReferenceOf : testing::Test {
  const ScratchFolder folder;
  Ending run(const std::string& declarations) const {
    for (const char* path :
         {"core", "autograd", "layers", "models", "tools/data", "tools/training", "tools/scripts"})
      std::filesystem::create_directories(folder / path);
    for (const char* path : {"tools/excite.h", "tools/requirements.h", "tools/scripts/reference",
                             "tools/scripts/install-headers"})
      std::filesystem::copy_file(path, folder / path,
                                 std::filesystem::copy_options::overwrite_existing);
    put(folder / "core/one.h",
        "// What it is for.\n#pragma once\n#include <vector>\n\n"
        "namespace excite {\n\n" +
            declarations + "\n}  // namespace excite\n");
    return shell("cd " + folder.path() + " && tools/scripts/reference");
  }
};

TEST_F(ReferenceOf, ACommentBelongsToItsLineOrToTheDeclarationsBelowIt) {
  const Ending o =
      run("double at(long i);  // i counts from 0\n"
          "\n"
          "// Both [N, C].\n"
          "double sum(const std::vector<double>& x = {1, 2});\n"
          "template <class F>\n"
          "double map(const F& f) {\n"
          "  return f(1);  // not this\n"
          "}\n");
  EXPECT_EQ(o.code, 0) << o.err;
  expect_contains(o.out, "### [&lt;excite/core/one.h>](one.h)\n\nWhat it is for.\n");
  expect_contains(o.out, "| `double at(long i)` | i counts from 0 |\n");
  expect_contains(o.out,
                  "| `double sum(const std::vector<double>& x = {1, 2})`<br>"
                  "`template <class F> double map(const F& f)` | Both [N, C]. |\n");
}

TEST_F(ReferenceOf, ACommentAboveCommentedDeclarationsIsARowOfItsOwn) {
  const Ending o =
      run("// ---- products ----\n"
          "// Error unless |a| == |b|.\n"
          "void gemm(double* c);      // c = a * b\n"
          "void gemm_add(double* c);  // c += a * b\n");
  expect_contains(o.out,
                  "| **products** |  |\n"
                  "|  | Error unless \\|a\\| == \\|b\\|. |\n"
                  "| `void gemm(double* c)` | c = a \\* b |\n"
                  "| `void gemm_add(double* c)` | c += a \\* b |\n");
}

TEST_F(ReferenceOf, ATypeIsListedWithItsPublicAndProtectedMembers) {
  const Ending o =
      run("class Rng;\n"
          "// A list:\n"
          "//   {1, 2}\n"
          "class List : public Base {\n"
          " public:\n"
          "  List() : a_{1}, b_(2) {}\n"
          "  List(List&& other) noexcept;\n"
          "  ~List();\n"
          "  long size() const { return size_; }\n"
          "\n"
          "  // Pairs.\n"
          "  struct Entry {\n"
          "    long key = 0;  // at least 0\n"
          "  };\n"
          "\n"
          " protected:\n"
          "  void grow();  // doubles\n"
          "\n"
          " private:\n"
          "  void hidden();\n"
          "  long a_, b_;\n"
          "};\n"
          "enum class Kind {\n"
          "  one,   // the first\n"
          "  other  // and its\n"
          "         // second line\n"
          "};\n");
  EXPECT_EQ(o.code, 0) << o.err;
  expect_contains(o.out,
                  "#### `class List : public Base`\n\nA list:\n\n```\n{1, 2}\n```\n\n"
                  "| declaration | meaning |\n|---|---|\n"
                  "| `List()` |  |\n| `long size() const` |  |\n"
                  "| `void grow()` | doubles |\n\n"
                  "#### `struct List::Entry`\n\nPairs.\n");
  expect_contains(o.out, "| `long key = 0` | at least 0 |\n");
  expect_contains(o.out, "| `one` | the first |\n| `other` | and its second line |\n");
  for (const char* unlisted : {"Rng", "~List", "List&&", "hidden", "a_"})
    EXPECT_EQ(o.out.find(unlisted), std::string::npos) << unlisted;
}

TEST_F(ReferenceOf, AFunctionWithoutACommentIsAnError) {
  const Ending o =
      run("void covered();  // this one\n"
          "\n"
          "void forgotten(long n);\n"
          "// A shape.\n"
          "struct Shape {\n"
          "  long rank() const { return rank_; }\n"
          "\n"
          "  long rows(long n) const;\n"
          "  long fields, need, none;\n"
          "};\n"
          "using Alias = long;\n");
  EXPECT_EQ(o.code, 1);
  EXPECT_EQ(o.err,
            "reference: these have no comment, on their line or above their group:\n"
            "core/one.h:9: void forgotten(long n)\n"
            "core/one.h:14: long rows(long n) const\n"
            "core/one.h:17: using Alias = long\n");
}

}  // namespace
}  // namespace excite
