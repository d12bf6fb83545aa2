// excite inspect: shows the contents of a safetensors file.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/check.h"
#include "core/files/safetensors.h"
#include "core/text.h"
#include "models/interop/recognize.h"
#include "models/interop/weights.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"

namespace excite {

namespace {

// min, max and mean are those of the finite numbers.
struct Statistics {
  double min = std::numeric_limits<double>::infinity(), max = -min, mean = 0;
  long finite = 0, not_finite = 0;
};

template <class Numbers>
Statistics statistics(const Numbers& numbers) {
  Statistics s;
  double sum = 0;
  for (const auto number : numbers) {
    const auto v = static_cast<double>(number);
    if (!std::isfinite(v)) {
      s.not_finite++;
      continue;
    }
    s.finite++;
    s.min = std::min(s.min, v);
    s.max = std::max(s.max, v);
    sum += v;
  }
  s.mean = sum / static_cast<double>(s.finite);
  return s;
}

// None for a tensor whose type or rank excite cannot read.
std::optional<Statistics> statistics_of(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry& entry = file.entry(name);
  const bool floating =
      entry.dtype == "F16" || entry.dtype == "BF16" || entry.dtype == "F32" || entry.dtype == "F64";
  if (entry.dtype == "I64") return statistics(file.read_integers(name));
  if (floating && entry.dims.size() <= Shape::max_rank) return statistics(file.read(name));
  return std::nullopt;
}

long size_of(const TensorEntry& entry) {
  long size = 1;
  for (const long d : entry.dims) size *= d;
  return size;
}

// The model that is inferred from another program's tensors, as a sentence; empty if there is none.
std::string inferred_model(const SafetensorsFile& file) try {
  if (file.names().empty() || is_described(file)) return "";
  const NameMapping names = map_names(file.names(), file.path());
  return recognize(shapes_of(file, names), *names.dialect).differences == 0 ? describe(file).origin
                                                                            : "";
} catch (const FileError&) {  // names that no model has
  return "";
}

void print_file_as_json(const SafetensorsFile& file) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const std::string& name : file.names()) {
    const TensorEntry& entry = file.entry(name);
    nlohmann::ordered_json t{{"name", name}, {"dtype", entry.dtype}, {"shape", entry.dims}};
    const auto s = statistics_of(file, name);
    if (s && s->finite) t.update({{"min", s->min}, {"mean", s->mean}, {"max", s->max}});
    if (s) t["not_finite"] = s->not_finite;
    tensors.push_back(t);
  }
  print_json({{"file", file.path()},
              {"metadata", file.metadata()},
              {"checksum", file.has_checksum()},
              {"read_as", inferred_model(file)},
              {"tensors", tensors}});
}

void print_tensor(const SafetensorsFile& file, const std::string& name, int width) {
  const TensorEntry& entry = file.entry(name);
  std::printf("%-*s %-5s %-18s", width, printable(name).c_str(), printable(entry.dtype).c_str(),
              in_brackets(entry.dims).c_str());
  const auto s = statistics_of(file, name);
  if (s && s->finite)
    std::printf(" %12.5g %12.5g %12.5g", s->min, s->mean, s->max);
  else
    std::printf(" %12s %12s %12s", "-", "-", "-");
  if (s && s->not_finite) std::printf("  and %ld not finite", s->not_finite);
  std::printf("\n");
}

void print_file(const SafetensorsFile& file) {
  constexpr int max_width = 48;
  int width = 6;
  long numbers = 0;
  for (const std::string& name : file.names())
    width = std::max(width, static_cast<int>(std::min<std::size_t>(name.size(), max_width)));
  std::printf("%s: %s, %s\n\n", printable(file.path()).c_str(),
              counted(std::ssize(file.names()), "tensor").c_str(),
              file.has_checksum() ? "checksum ok" : "no checksum");
  if (const std::string model = inferred_model(file); !model.empty())
    std::printf("%s\n\n", printable(model).c_str());
  for (const auto& [key, value] : file.metadata())
    std::printf("%-14s %s\n", printable(key).c_str(), printable(value).c_str());
  std::printf("%s%-*s %-5s %-18s %12s %12s %12s\n", file.metadata().empty() ? "" : "\n", width,
              "tensor", "type", "shape", "min", "mean", "max");
  for (const std::string& name : file.names()) {
    print_tensor(file, name, width);
    numbers += size_of(file.entry(name));
  }
  std::printf("%s numbers\n", grouped(numbers).c_str());
}

}  // namespace

void add_inspect(const Command& program, Run& run) {
  struct InspectOptions {
    std::string file;
    bool json = false;
  };
  const auto o = std::make_shared<InspectOptions>();
  const Command c = program.add_command(
      "inspect",
      "Show the metadata and the tensors of a safetensors file.\nPrints type, shape, minimum, mean "
      "and maximum of each tensor; for weights of another program, the model inferred from them.");
  c.add_option("file", o->file, "A .safetensors file").required().type_name("FILE");
  c.begin_group("Output");
  add_json_option(c, o->json,
                  "file, metadata, checksum, read_as (the model inferred from another program's "
                  "tensors), tensors");
  c.add_examples({"excite inspect runs/se_resnet20-1/last.safetensors"});
  c.on_call([=, &run] {
    run = [=] {
      const SafetensorsFile file(o->file);
      o->json ? print_file_as_json(file) : print_file(file);
      return 0;
    };
  });
}

}  // namespace excite
