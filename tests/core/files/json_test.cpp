#include "core/files/json.h"

#include "core/text.h"

#include "tests/support/errors.h"

namespace excite {
namespace {

testing::AssertionResult refused(const std::string& text, const std::string& error) {
  return fails_saying<FileError>([&] { JsonObject(text, "a.json"); }, {error});
}

TEST(Json, AnErrorOfTheSyntaxSaysLineAndColumn) {
  EXPECT_EQ(JsonObject("{\"a\": 1}", "a.json").get<long>("a"), 1);
  EXPECT_TRUE(
      refused("{\"a\": 1,\n  \"b\" 2}", "a.json: line 2, column 7 or before: this is not JSON"));
  EXPECT_TRUE(refused("{1", "a.json: line 1, column 2 or before: this is not JSON"));
  EXPECT_TRUE(refused("{\n\"a\": [1, 2", "a.json: it is not complete: it ends in line 2"));
  EXPECT_TRUE(
      refused("{\"a\": 1\n\"b\": 2}", "a.json: line 2, column 3 or before"));  // a comma is missing
  EXPECT_TRUE(refused("", "a.json: it is not complete: it ends in line 1"));
  EXPECT_TRUE(
      refused("{\"a\": 1e999}", "a.json: a number in it is too large, expected at most 1.79"));
  EXPECT_TRUE(refused("{\"a\": [[[", "a.json: it is not complete"));
}

// A hostile text is refused at once: the brackets are never closed, and would need 50,000 calls of
// each function that copies or frees a value.
TEST(Json, ATextThatIsTooDeepOrTooLargeIsRefused) {
  const auto nested = [](long depth) {
    return "{\"a\": " + std::string(depth - 1, '[') + "1" + std::string(depth - 1, ']') + "}";
  };
  EXPECT_FALSE(refused(nested(8), ""));
  EXPECT_TRUE(refused(nested(9), "a.json: it is more than 8 levels deep"));
  EXPECT_TRUE(refused(nested(50'000), "a.json: it is more than 8 levels deep"));
  EXPECT_TRUE(refused("{\"a\": " + std::string(50'000, '['), "a.json: it is more than 8 levels"));
  std::string objects;
  for (int i = 0; i < 8; i++) objects += "{\"a\": ";
  EXPECT_TRUE(refused(objects + "{", "a.json: it is more than 8 levels deep"));

  const auto with_keys = [](int count) {
    std::string json = "{\"a\": {";
    for (int i = 1; i < count; i++) json += text(i > 1 ? "," : "", "\"", i, "\": 1");
    return json + "}}";
  };
  EXPECT_FALSE(refused(with_keys(1024), ""));
  EXPECT_TRUE(refused(with_keys(1025), "a.json: it has more than 1024 keys"));
  std::string many = "{\"a\": [1";
  for (int i = 0; i < 1'000'000; i++) many += ",1";
  EXPECT_TRUE(refused(many, "a.json: it has more than 1000000 values"));
}

TEST(Json, AKeyThatAppearsTwiceOrThatIsUnknownIsRefused) {
  EXPECT_TRUE(refused("{\"a\": {\"b\": 1, \"b\": 2}}",
                      "a.json: an object has the key \"b\" twice, expected each key once"));
  EXPECT_FALSE(refused("{\"a\": [{\"b\": 1}, {\"b\": {\"a\": 1}}], \"b\": 1}", ""));
  const JsonObject object("{\"inner\": {\"a\": 1, \"c\\u001b\": 2}}", "a.json");
  object.allow_only({"inner"});
  object.object("inner").allow_only({"a", "b", "c\u001b"});
  EXPECT_TRUE(fails_saying<FileError>(
      [&] {
        object.object("inner").allow_only({"a", "b"});
      },
      {"a.json: it has the unknown entry 'inner.c?', expected one of 2 "
       "entries: a, b"}));
}

TEST(Json, ReadsValuesOfEachType) {
  const JsonObject object(R"({"flag": true, "count": -3, "rate": 2, "name": "cat",
      "list": [1, 2.5], "words": {"a": "b"}, "inner": {"x": 0.5}, "rows": [{"y": 1}, {"y": 2}]})",
                          "a.json");
  bool flag = false;
  long count = 0, y = 0;
  double rate = 0, x = 0;
  std::string name;
  std::vector<double> list;
  std::map<std::string, std::string> words;
  object.read("flag", flag);
  object.read("count", count);
  object.read("rate", rate);
  object.read("name", name);
  object.read("list", list);
  object.read("words", words);
  object.object("inner").read("x", x);
  object.objects("rows").at(1).read("y", y);
  EXPECT_TRUE(flag);
  EXPECT_EQ(count, -3);
  EXPECT_EQ(rate, 2);
  EXPECT_EQ(name, "cat");
  EXPECT_EQ(list, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(words.at("a"), "b");
  EXPECT_EQ(x, 0.5);
  EXPECT_EQ(y, 2);
  EXPECT_TRUE(object.contains("flag"));
  EXPECT_FALSE(object.contains("flags"));
}

TEST(Json, AWrongEntryIsNamedWithItsValueAndWhatIsExpected) {
  const JsonObject all(R"({"a": {"count": 2.5, "big": 9223372036854775808, "flag": 1,
      "name": null, "list": [1, "b"], "rows": [1], "row": [{}]}})",
                       "a.json");
  const JsonObject a = all.object("a");
  const auto fails = [](const auto& read, const std::string& error) {
    EXPECT_TRUE(fails_saying<FileError>(read, {error}));
  };
  long count = 7;
  int small = 7;
  bool flag = false;
  double rate = 0;
  std::string name;
  std::vector<double> list;
  fails([&] { a.read("count", count); }, "a.json: 'a.count' is 2.5, expected a whole number");
  fails([&] { a.read("big", count); }, "a.json: 'a.big' is 9223372036854775808, expected a whole");
  fails([&] { a.read("big", small); }, "a.json: 'a.big' is 9223372036854775808, expected a whole");
  fails([&] { a.read("flag", flag); }, "a.json: 'a.flag' is 1, expected true or false");
  fails([&] { a.read("name", name); }, "a.json: 'a.name' is null, expected a text");
  fails([&] { a.read("name", rate); }, "a.json: 'a.name' is null, expected a number");
  fails([&] { a.read("list", list); },
        "a.json: 'a.list' is an array, expected an array of numbers");
  fails([&] { a.read("none", rate); }, "a.json: it has no entry 'a.none', expected a number");
  fails([&] { a.object("list"); }, "a.json: 'a.list' is an array, expected an object");
  fails([&] { a.objects("rows"); }, "a.json: 'a.rows' is an array, expected an array of objects");
  fails([&] { a.objects("row").at(0).read("y", rate); },
        "a.json: it has no entry 'a.row[0].y', expected a number");
  EXPECT_TRUE(refused("[1]", "a.json: it is an array, expected an object"));
  EXPECT_TRUE(refused("2.5", "a.json: it is 2.5, expected an object"));
  EXPECT_EQ(count, 7);
}

}  // namespace
}  // namespace excite
