// excite roofline: draws the operations of a step under the limits of the machine, from the output
// of `excite bench --json`.
#include <algorithm>
#include <memory>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/files/json.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/commands/roofline_drawing.h"
#include "tools/commands/shared_options.h"

namespace excite {

namespace {

constexpr double min_share = 0.001;  // of the step's time; smaller operations are not drawn

// A number whose logarithm can be drawn, and also that of the quotient of two of them.
double positive(const JsonObject& object, const char* key) {
  constexpr double min = 1e-12, max = 1e12;
  const double number = object.get<double>(key);
  require<FileError>(number >= min && number <= max, object.path(), ": ", object.name_of(key),
                     " is ", number, ", expected a number from ", min, " to ", max);
  return number;
}

Roofline parse_roofline(const JsonObject& bench) {
  const JsonObject limits = bench.object("limits");
  const auto word = [&](const char* key) { return bench.get<std::string>(key); };
  const long batch = bench.get<long>("batch"), threads = limits.get<long>("threads");
  Roofline r{text(word("model"), ", ", word("mode"), ", batch ", batch, ", ",
                  counted(threads, "thread"), ", ", word("precision")),
             {positive(limits, "gflop_per_second"), positive(limits, "gb_per_second")},
             {}};
  constexpr std::size_t max_operations = 100;
  const std::vector<JsonObject> operations = bench.objects("operations");
  require<FileError>(operations.size() <= max_operations, bench.path(), ": there are ",
                     operations.size(), " operations, expected at most ", max_operations);
  for (const JsonObject& o : operations) {
    // Making the batch and the optimizer have no counted work.
    if (!o.contains("gflop") || positive(o, "share_of_step") < min_share) continue;
    r.dots.push_back({o.get<std::string>("operation"), o.get<std::string>("pass") == "forward",
                      positive(o, "share_of_step"),
                      1e9 * positive(o, "gflop") / positive(o, "bytes"),
                      positive(o, "gflop_per_second")});
  }
  require<FileError>(!r.dots.empty(), bench.path(), ": it has no operation with counted work");
  std::stable_sort(r.dots.begin(), r.dots.end(),
                   [](const RooflineDot& a, const RooflineDot& b) { return a.share > b.share; });
  return r;
}

Roofline read_roofline(const std::string& path) {
  constexpr long max_bytes = 1 << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  const std::string what = path + ": not the output of `excite bench --json`";
  return parse_roofline(
      JsonObject({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, what));
}

}  // namespace

void add_roofline(const Command& program, Run& run) {
  struct RooflineOptions {
    std::string bench, out;
  };
  const auto o = std::make_shared<RooflineOptions>();
  const Command c = program.add_command(
      "roofline",
      "Draw the operations of a step under the limits of the machine.\nEach operation is a dot "
      "whose "
      "area is its share of the step's time. The roof is what the arithmetic and the memory of the "
      "machine allow.");
  c.add_option("bench", o->bench, "The output of `excite bench --json`")
      .required()
      .type_name("BENCH.json");
  c.begin_group("Output");
  c.add_option("--out", o->out, "The .svg file to write; -: standard output")
      .required()
      .type_name("FILE");
  c.add_examples({"excite bench --json > bench.json && excite roofline bench.json --out roof.svg"});
  c.on_call([=, &run] {
    run = [=] {
      require_extension(o->out, ".svg");
      write_text_atomically(o->out, draw_roofline(read_roofline(o->bench)));
      return 0;
    };
  });
}

}  // namespace excite
