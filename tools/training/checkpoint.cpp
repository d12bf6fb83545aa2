#include "tools/training/checkpoint.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/check.h"

namespace excite {

using Json = nlohmann::ordered_json;

namespace {

// The one list of what a position consists of. Numbers are written with as many digits as it takes
// to read the same bits back.
template <class AnyPosition, class Visit>
void each_field(AnyPosition& p, Visit visit) {
  visit("epoch", p.epoch);
  visit("step", p.step);
  visit("accuracy", p.accuracy);
  visit("best_accuracy", p.best_accuracy);
  visit("running_steps", p.sums.steps);
  visit("running_images", p.sums.images);
  visit("running_correct", p.sums.correct);
  visit("running_loss", p.sums.loss);
  visit("running_gradient_norm", p.sums.gradient_norm);
}

Position position_from(const std::string& words, const std::string& path) {
  try {
    Position position;
    const Json json = Json::parse(words);
    each_field(position, [&](const char* name, auto& value) { json.at(name).get_to(value); });
    return position;
  } catch (const nlohmann::json::exception& error) {
    throw FileError(
        text(path, ": its metadata does not say where in the training it is: ", error.what()));
  }
}

// Of two long texts, the place where they begin to differ, from the comma before it on.
std::string difference(const std::string& a, const std::string& b) {
  const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  const std::size_t comma = a.rfind(',', at), begin = comma == std::string::npos ? 0 : comma + 1;
  constexpr std::size_t shown = 60;
  return text("'", a.substr(begin, shown), "', but config.json and the data say '",
              b.substr(std::min(begin, b.size()), shown), "'");
}

}  // namespace

Metadata run_metadata(const Recipe& recipe, const Model& model,
                      const Preprocessing& preprocessing) {
  Metadata run = describe(model, preprocessing);
  run["recipe"] = to_json(recipe).dump();
  return run;
}

void save_checkpoint(const std::string& path, const Metadata& run, const Position& position,
                     const NamedTensors& state) {
  Metadata metadata = run;
  Json json;
  each_field(position, [&](const char* name, const auto& value) { json[name] = value; });
  metadata["position"] = json.dump();
  save_tensors(path, metadata, state);
}

Position load_checkpoint(const std::string& path, const Metadata& run, long epochs,
                         long steps_per_epoch, const NamedTensors& state) {
  const SafetensorsFile file(path);
  Metadata found = file.metadata();
  for (const auto& [key, value] : run)
    require<FileError>(found[key] == value, path, ": not a checkpoint of this run: its ", key,
                       " has ", difference(found[key], value));
  const Position p = position_from(found["position"], path);
  const bool in_run =
      p.epoch >= 0 && p.epoch <= epochs && p.step >= 0 && p.step <= epochs * steps_per_epoch;
  const long in_epoch = in_run ? p.step - p.epoch * steps_per_epoch : -1,
             most = p.epoch < epochs ? steps_per_epoch : 0;
  const bool possible = in_epoch >= 0 && in_epoch <= most && in_epoch == p.sums.steps;
  require<FileError>(possible, path, ": says that ", p.epoch, " epochs and ", p.step,
                     " steps are done, ", p.sums.steps, " of them since; the run has ", epochs,
                     " epochs of ", steps_per_epoch, " steps");
  load_tensors(file, state);
  return p;
}

}  // namespace excite
