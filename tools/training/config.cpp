#include "tools/training/config.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/parallel.h"
#include "models/interop/weights.h"

namespace excite {

using Json = nlohmann::ordered_json;

namespace {

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      return line.substr(std::min(line.find(": ") + 2, line.size()));
  return "unknown";
}

}  // namespace

RunConfig config_here(const Recipe& recipe, const Start& start, const std::string& data,
                      Broken broken) {
  const auto absolute = [](const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
  };
  const std::string place = data == "builtin" ? data : absolute(data),
                    weights = start.weights.empty() ? "" : absolute(start.weights);
  return {recipe,         {weights, start.classifier},
          place,          broken,
          threads(),      file_format,
          EXCITE_VERSION, sizeof(real) == sizeof(float) ? "float" : "double",
          cpu_name()};
}

void write_config(const std::string& path, const RunConfig& c) {
  Json json{{"format", c.format},
            {"version", c.version},
            {"precision", c.precision},
            {"cpu", c.cpu},
            {"threads", c.threads},
            {"data", c.data},
            {"strict", c.broken == Broken::refused},
            {"recipe", to_json(c.recipe)}};
  if (!c.start.weights.empty())
    json["start"] = {{"weights", c.start.weights},
                     {"new_head", c.start.classifier == Start::Classifier::drawn}};
  write_text_atomically(path, json.dump(2) + "\n");
}

RunConfig read_config(const std::string& path) {
  constexpr long max_bytes = 1 << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  try {
    const Json json = Json::parse(bytes.begin(), bytes.end());
    RunConfig c;
    c.format = json.value("format", 1);
    json.at("version").get_to(c.version);
    require<UsageError>(c.format == file_format, "train: the run of ", path,
                        " was started by excite ", c.version, " and cannot be resumed by excite ",
                        EXCITE_VERSION, ", whose files are in format ", file_format, " instead of ",
                        c.format, "; begin a new run from its weights: excite train --weights ",
                        std::filesystem::path(path).replace_filename("last.safetensors").string());
    json.at("precision").get_to(c.precision);
    json.at("cpu").get_to(c.cpu);
    json.at("threads").get_to(c.threads);
    json.at("data").get_to(c.data);
    c.broken = json.value("strict", false) ? Broken::refused : Broken::skipped;
    c.recipe = recipe_from_json(json.at("recipe"), path);
    if (!json.contains("start")) return c;
    json.at("start").at("weights").get_to(c.start.weights);
    c.start.classifier = json.at("start").at("new_head").get<bool>()
                             ? Start::Classifier::drawn
                             : Start::Classifier::of_weights;
    return c;
  } catch (const nlohmann::json::exception& error) {
    throw FileError(text(path, ": not the configuration of a training run: ", error.what()));
  }
}

}  // namespace excite
