#include "tools/training/config.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/parallel.h"
#include "models/interop/weights.h"
#include "tools/training/recipe_json.h"

namespace excite {

namespace {

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      return line.substr(std::min(line.find(": ") + 2, line.size()));
  return "unknown";
}

}  // namespace

RunConfig make_config(const Recipe& recipe, const InitialWeights& initial_weights,
                      const std::string& data, OnBadImage on_bad_image, Exif exif) {
  const auto absolute = [](const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
  };
  RunConfig config;
  config.recipe = recipe;
  config.initial_weights = initial_weights;
  if (!initial_weights.file.empty()) config.initial_weights.file = absolute(initial_weights.file);
  config.data = data == "builtin" ? data : absolute(data);
  config.on_bad_image = on_bad_image;
  config.exif = exif;
  config.threads = threads();
  config.format = file_format;
  config.version = EXCITE_VERSION;
  config.precision = sizeof(real) == sizeof(float) ? "float" : "double";
  config.cpu = cpu_name();
  return config;
}

std::string config_json(const RunConfig& c) {
  Json json{{"format", c.format},
            {"version", c.version},
            {"precision", c.precision},
            {"cpu", c.cpu},
            {"threads", c.threads},
            {"data", c.data},
            {"strict", c.on_bad_image == OnBadImage::fail},
            {"exif", c.exif == Exif::apply ? "apply" : "ignore"},
            {"recipe", to_json(c.recipe)}};
  if (!c.initial_weights.file.empty())
    json["start"] = {{"weights", c.initial_weights.file}, {"new_head", c.initial_weights.new_head}};
  if (c.kept_epochs > 0) json["checkpoint_history"] = c.kept_epochs;
  return json.dump(2) + "\n";
}

void write_config(const std::string& path, const RunConfig& config) {
  write_text_atomically(path, config_json(config));
}

RunConfig read_config(const std::string& path) {
  constexpr long max_bytes = 1 << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  return parse_config({bytes.begin(), bytes.end()}, path);
}

RunConfig parse_config(const std::string& text_of_config, const std::string& path) {
  const std::string what = path + ": not the configuration of a training run";
  const JsonObject all(text_of_config, what);
  RunConfig c;
  c.format = 1;
  if (all.contains("format")) all.read("format", c.format);
  all.read("version", c.version);
  require<UsageError>(c.format == file_format, "train: the run of ", path,
                      " was started by excite ", c.version, " and cannot be resumed by excite ",
                      EXCITE_VERSION, ", whose files are in format ", file_format, " instead of ",
                      c.format, "; start a new run from its weights: excite train --weights ",
                      std::filesystem::path(path).replace_filename("last.safetensors").string());
  all.read("precision", c.precision);
  all.read("cpu", c.cpu);
  all.read("threads", c.threads);
  all.read("data", c.data);
  bool strict = false;
  if (all.contains("strict")) all.read("strict", strict);
  c.on_bad_image = strict ? OnBadImage::fail : OnBadImage::skip;
  std::string exif = "ignore";  // of runs that older versions started
  if (all.contains("exif")) all.read("exif", exif);
  require<FileError>(exif == "apply" || exif == "ignore", what, ": exif is '", exif,
                     "', expected apply or ignore");
  c.exif = exif == "apply" ? Exif::apply : Exif::ignore;
  if (all.contains("checkpoint_history")) all.read("checkpoint_history", c.kept_epochs);
  c.recipe = recipe_from_json(all.object("recipe"));
  all.allow_only({"format", "version", "precision", "cpu", "threads", "data", "strict", "exif",
                  "recipe", "start", "checkpoint_history"});
  if (!all.contains("start")) return c;
  const JsonObject start = all.object("start");
  start.allow_only({"weights", "new_head"});
  start.read("weights", c.initial_weights.file);
  start.read("new_head", c.initial_weights.new_head);
  return c;
}

}  // namespace excite
