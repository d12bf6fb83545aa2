#include "tools/training/config.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/parallel.h"

namespace excite {

using Json = nlohmann::ordered_json;

namespace {

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(": ") + 2, line.size()));
  return "unknown";
}

}  // namespace

RunConfig config_here(const Recipe& recipe, const std::string& data) {
  const std::string place = data == "builtin" ? data : std::filesystem::absolute(data).lexically_normal().string();
  return {recipe, place, threads(), EXCITE_VERSION, sizeof(real) == sizeof(float) ? "float" : "double", cpu_name()};
}

void write_config(const std::string& path, const RunConfig& c) {
  const Json json{{"version", c.version}, {"precision", c.precision},    {"cpu", c.cpu}, {"threads", c.threads},
                  {"data", c.data},       {"recipe", to_json(c.recipe)}};
  write_text_atomically(path, json.dump(2) + "\n");
}

RunConfig read_config(const std::string& path) {
  constexpr long most_bytes = 1 << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, most_bytes);
  try {
    const Json json = Json::parse(bytes.begin(), bytes.end());
    RunConfig c;
    json.at("version").get_to(c.version);
    json.at("precision").get_to(c.precision);
    json.at("cpu").get_to(c.cpu);
    json.at("threads").get_to(c.threads);
    json.at("data").get_to(c.data);
    c.recipe = recipe_from_json(json.at("recipe"), path);
    return c;
  } catch (const nlohmann::json::exception& error) {
    throw FileError(text(path, ": not the configuration of a training run: ", error.what()));
  }
}

}  // namespace excite
