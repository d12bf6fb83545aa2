#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/child.h"
#include "tests/support/scratch.h"
#include "tools/commands/svg.h"

namespace excite {
namespace {

// With 100 GFLOP/s and 10 GB/s the ridge is at 10 flops per byte. The convolution is at (100, 50),
// the operation a<b> at (0.1, 1), on the slope.
nlohmann::json a_bench() {
  return nlohmann::json::parse(R"json({
    "model": "resnet8", "mode": "train", "batch": 8, "precision": "float",
    "limits": {"threads": 2, "gflop_per_second": 100, "gb_per_second": 10},
    "operations": [
      {"operation": "conv2d", "pass": "backward", "share_of_step": 0.25, "gflop": 2,
       "gflop_per_second": 50, "bytes": 20000000},
      {"operation": "a<b>", "pass": "forward", "share_of_step": 0.04, "gflop": 0.1,
       "gflop_per_second": 1, "bytes": 1000000000},
      {"operation": "relu", "pass": "forward", "share_of_step": 0.0004, "gflop": 0.1,
       "gflop_per_second": 1, "bytes": 1000000000},
      {"operation": "(optimizer)", "pass": "optimizer", "share_of_step": 0.7}]})json");
}

std::string drawn(const ScratchFolder& folder, const nlohmann::json& json) {
  put(folder / "bench.json", json.dump());
  const Ending ending =
      excite_program({"roofline", folder / "bench.json", "--out", folder / "roof.svg"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  return get(folder / "roof.svg");
}

// The axes reach a quarter of a decade beyond the smallest and the largest value. x: 0.1 to 100
// flops per byte over 680 pixels to the right of 64. y: 1 GFLOP/s to twice the peak over 440 pixels
// upwards from 484.
std::string x_of(double value) {
  return svg::tenths(64 + 680 * (std::log10(value) - (-1 - 0.25)) / (3 + 2 * 0.25));
}
std::string y_of(double value) {
  return svg::tenths(484 - 440 * (std::log10(value) - (0 - 0.25)) / (std::log10(200) + 2 * 0.25));
}

TEST(Roofline, DrawsTheRoofAndOneDotPerOperation) {
  const ScratchFolder folder;
  const std::string svg = drawn(folder, a_bench()), ridge = x_of(10) + " " + y_of(100);
  const double enters = std::pow(10, -1 - 0.25);  // flops per byte at the left edge
  expect_contains(svg, "M64.0 " + y_of(10 * enters) + "L" + ridge + "\"");
  expect_contains(svg, "M" + ridge + "L744.0 " + y_of(100) + "\"");
  expect_contains(svg, "<circle cx=\"" + x_of(100) + "\" cy=\"" + y_of(50) +
                           "\" r=\"12.0\" fill=\"#e0702c\"");  // backward
  expect_contains(svg, "<circle cx=\"" + x_of(0.1) + "\" cy=\"" + y_of(1) +
                           "\" r=\"4.8\" fill=\"#2f8fd0\"");  // forward
  for (const char* words :
       {">conv2d 25 %<", ">a&lt;b&gt; 4 %<", ">memory 10 GB/s<", ">multiply-adds 100 GFLOP/s<",
        ">flop / byte<", ">GFLOP/s<", ">forward<", ">backward<",
        ">resnet8, train, batch 8, 2 threads, float<"})
    expect_contains(svg, words);
  for (const char* none : {"relu", "optimizer"})
    EXPECT_EQ(svg.find(none), std::string::npos) << none;
}

// Assumes the average width of sans-serif letters at 12 pixels.
const char* const names_that_overlap = R"python(
import sys, xml.dom.minidom as x
boxes = []
for t in x.parse(sys.argv[1]).getElementsByTagName('text'):
    if t.getAttribute('font-size') != '12': continue
    words, at, base = t.firstChild.data, float(t.getAttribute('x')), float(t.getAttribute('y'))
    half = 6.5 * len(words) / 2
    boxes.append((words, at - half, base - 10, at + half, base + 2))
for i, (a, l, t, r, b) in enumerate(boxes):
    assert 60 <= l and r <= 748 and 40 <= t and b <= 488, a
    for (other, l2, t2, r2, b2) in boxes[:i]:
        if l < r2 and l2 < r and t < b2 and t2 < b: print(a, 'and', other)
print(len(boxes), 'names')
)python";

TEST(Roofline, LabelsDoNotOverlap) {
  const ScratchFolder folder;
  nlohmann::json json = a_bench();
  for (int i = 0; i < 12; i++)  // a crowd
    json["operations"].push_back({{"operation", "operation_" + std::to_string(i)},
                                  {"pass", i % 2 ? "forward" : "backward"},
                                  {"share_of_step", 0.01},
                                  {"gflop", 1},
                                  {"gflop_per_second", 4 + 0.1 * i},
                                  {"bytes", 1'000'000'000 + 50'000'000 * i}});
  drawn(folder, json);
  const Ending looked = Child({"python3", "-c", names_that_overlap, folder / "roof.svg"}).wait();
  EXPECT_EQ(looked.out, "14 names\n") << looked.err;
}

// The program draws the image of the chapter from the measurement stored beside it, without
// overlapping labels.
TEST(Roofline, DrawsTheChaptersImageAgain) {
  const ScratchFolder folder;
  EXPECT_EQ(excite_program({"roofline", "--out", folder / "roof.svg", "core/roofline.json"}).code,
            0);
  EXPECT_EQ(get(folder / "roof.svg"), get("core/roofline.svg"));
  expect_contains(get("core/PERFORMANCE.md"), "(roofline.svg)");
  const Ending looked = Child({"python3", "-c", names_that_overlap, folder / "roof.svg"}).wait();
  EXPECT_TRUE(looked.out.find("and") == std::string::npos && looked.out.ends_with(" names\n"))
      << looked.out << looked.err;
}

TEST(Roofline, RefusesFilesThatAreNotABenchmark) {
  const ScratchFolder folder;
  const auto refused = [&](const std::string& bytes, const std::vector<std::string>& words) {
    put(folder / "bad.json", bytes);
    expect_failure(excite_program({"roofline", folder / "bad.json", "--out", folder / "bad.svg"}),
                   3, words);
    EXPECT_FALSE(std::filesystem::exists(folder / "bad.svg"));
  };
  const auto changed = [](const char* pointer, const nlohmann::json& value) {
    nlohmann::json json = a_bench();
    json[nlohmann::json::json_pointer(pointer)] = value;
    return json.dump();
  };
  const std::string whole = a_bench().dump();
  refused("", {"bad.json: not the output of `excite bench --json`"});
  refused(whole.substr(0, whole.size() / 2), {"bad.json: not the output"});
  refused("[1, 2]", {"bad.json: not the output"});
  refused("{}", {"bad.json: not the output", "no entry 'limits'"});
  refused(std::string(100'000, '['), {"bad.json: not the output"});
  refused(changed("/limits/gflop_per_second", 0),
          {"bad.json", "gflop_per_second is 0, expected a number from"});
  refused(changed("/limits/gb_per_second", "fast"),
          {"`excite bench --json`: 'limits.gb_per_second' is \"fast\", expected a number\n"});
  refused(changed("/operations/0/gflop_per_second", -1), {"bad.json", "gflop_per_second is -1"});
  refused(changed("/operations/0/bytes", nullptr),
          {"bad.json", "'operations[0].bytes' is null, expected a number\n"});
  refused(changed("/operations/0/bytes", 1e-308),
          {"bad.json", "bytes is 1e-308, expected a number from 1e-12 to 1e+12"});
  refused(changed("/limits/gb_per_second", 1e300), {"bad.json", "gb_per_second is 1e+300"});
  refused(changed("/operations/0/pass", 5),
          {"bad.json", "'operations[0].pass' is 5, expected a text\n"});
  refused(changed("/operations", nlohmann::json::array()), {"bad.json", "no operation"});
  refused(
      changed("/operations", std::vector<nlohmann::json>(101, a_bench().at("operations").at(0))),
      {"bad.json", "101 operations", "at most 100"});
  expect_failure(excite_program({"roofline", folder / "none.json", "--out", folder / "bad.svg"}), 3,
                 {"none.json"});
}

}  // namespace
}  // namespace excite
