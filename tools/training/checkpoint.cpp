#include "tools/training/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/text.h"
#include "tools/training/recipe_json.h"

namespace excite {

namespace {

// The only list of the fields of a position, for writing and reading. Numbers are written with
// enough digits to read the same bits back.
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

// Only where there are any: so a run without broken files has the same bytes as before there was
// such an entry.
constexpr const char* skipped_entry = "running_skipped";

Position parse_position(const std::string& json_text, const std::string& path) {
  const std::string what = path + ": it has no valid position in the training run";
  const JsonObject object(json_text, what);
  Position position;
  std::vector<std::string> names;
  each_field(position, [&](const char* name, auto& value) {
    object.read(name, value);
    names.emplace_back(name);
  });
  names.emplace_back(skipped_entry);
  if (object.contains(skipped_entry)) object.read(skipped_entry, position.sums.skipped);
  object.allow_only(names);
  return position;
}

// The first difference of two long texts, in both, from the comma before it.
std::string difference(const std::string& checkpoint, const std::string& config) {
  const auto mismatch =
      std::mismatch(checkpoint.begin(), checkpoint.end(), config.begin(), config.end());
  const std::size_t comma = checkpoint.rfind(',', mismatch.first - checkpoint.begin());
  const std::size_t begin = comma == std::string::npos ? 0 : comma + 1;
  constexpr std::size_t shown = 60;  // characters
  return text("'", checkpoint.substr(begin, shown), "', but config.json and the data have '",
              config.substr(std::min(begin, config.size()), shown), "'");
}

// What is impossible about a position in this run; empty if nothing is.
std::string wrong_position(const Position& p, long epochs, long steps_per_epoch) {
  bool finite = true;
  each_field(p, [&](const char*, const auto& value) {
    finite = finite && std::isfinite(static_cast<double>(value));
  });
  const bool in_run =
      p.epoch >= 0 && p.epoch <= epochs && p.step >= 0 && p.step <= epochs * steps_per_epoch;
  const long steps_of_epoch = in_run ? p.step - p.epoch * steps_per_epoch : -1;
  const long max_steps = p.epoch < epochs ? steps_per_epoch : 0;
  const bool possible = steps_of_epoch >= 0 && steps_of_epoch <= max_steps &&
                        steps_of_epoch == p.sums.steps && p.sums.skipped >= 0 &&
                        p.sums.skipped <= p.sums.steps;
  if (finite && possible) return "";
  return text("impossible position: ", counted(p.epoch, "finished epoch"), ", ",
              counted(p.step, "step"), ", ", p.sums.steps,
              " of them in the current epoch; the run has ", counted(epochs, "epoch"), " of ",
              counted(steps_per_epoch, "step"),
              finite ? "" : "; expected an accuracy, loss and gradient norm that are finite");
}

}  // namespace

Metadata run_metadata(const Recipe& recipe, const Model& model,
                      const Preprocessing& preprocessing) {
  Metadata run = describe(model, preprocessing);
  run["recipe"] = to_json(recipe).dump();
  return run;
}

void save_checkpoint(const std::string& path, const Metadata& run, long epochs,
                     long steps_per_epoch, const Position& position, const NamedTensors& state,
                     const std::set<std::string>& as_in_memory) {
  const std::string wrong = wrong_position(position, epochs, steps_per_epoch);
  require(wrong.empty(), path, ": not saved: ", wrong);
  Metadata metadata = run;
  Json json;
  each_field(position, [&](const char* name, const auto& value) { json[name] = value; });
  if (position.sums.skipped > 0) json[skipped_entry] = position.sums.skipped;
  metadata["position"] = json.dump();
  save_tensors(path, metadata, state, own_dialect(), Counters::left_out, as_in_memory);
}

long epochs_of_checkpoint(const std::string& path) {
  Metadata metadata = SafetensorsFile(path).metadata();
  return JsonObject(metadata["recipe"], path + ": it has no valid recipe").get<long>("epochs");
}

Position load_checkpoint(const std::string& path, const Metadata& run, long epochs,
                         long steps_per_epoch, const NamedTensors& state,
                         const std::set<std::string>& as_in_memory) {
  const SafetensorsFile file(path);
  Metadata metadata = file.metadata();
  for (const auto& [key, value] : run)
    require<FileError>(metadata[key] == value, path, ": not a checkpoint of this run: its ", key,
                       " has ", difference(metadata[key], value));
  const Position p = parse_position(metadata["position"], path);
  const std::string wrong = wrong_position(p, epochs, steps_per_epoch);
  require<FileError>(wrong.empty(), path, ": ", wrong);
  load_tensors(file, state, "", as_in_memory);
  return p;
}

}  // namespace excite
