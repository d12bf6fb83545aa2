#include "models/save.h"

#include <charconv>

#include "core/check.h"

namespace excite {

namespace {

const std::string steps_key = "training_steps";

NamedTensors with_optimizer(const Module& module, const NamedTensors& optimizer_state) {
  NamedTensors all = state_of(module);
  all.insert(all.end(), optimizer_state.begin(), optimizer_state.end());
  return all;
}

long steps_in(const SafetensorsFile& file) {
  const auto found = file.metadata().find(steps_key);
  require<FileError>(found != file.metadata().end(), file.path(),
                     ": it has no number of training steps, expected a file of save_training");
  const std::string& digits = found->second;
  long steps = -1;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, steps);
  require<FileError>(error == std::errc() && at == end && steps >= 0, file.path(),
                     ": its number of training steps is '", digits.substr(0, 80),
                     "', expected a whole number of at least 0");
  return steps;
}

}  // namespace

void save(const Module& module, const std::string& path) {
  save_tensors(path, {}, state_of(module), own_dialect(), Counters::left_out,
               names_as_in_memory(module));
}

void load(const Module& module, const std::string& path) {
  const SafetensorsFile file(path);
  format_of(file);  // throws if it is too new
  load_tensors(file, state_of(module), "optimizer.", names_as_in_memory(module));
}

void save_model(const Model& model, const Preprocessing& preprocessing, const std::string& path) {
  save_tensors(path, describe(model, preprocessing), state_of(model.module()), own_dialect(),
               Counters::left_out, names_as_in_memory(model.module()));
}

TrainedModel load_model(Model model, const std::string& path) {
  const SafetensorsFile file(path);
  require<FileError>(is_described(file), path,
                     ": it has no preprocessing of images, expected a file of save_model");
  const Preprocessing preprocessing = describe(file).preprocessing;
  require<FileError>(std::ssize(preprocessing.classes) == model.classes, path, ": has ",
                     preprocessing.classes.size(), " classes, expected the ", model.classes, " of ",
                     model.name);
  load_tensors(file, state_of(model.module()), "optimizer.", names_as_in_memory(model.module()));
  return {std::move(model), preprocessing, ""};
}

void save_training(const Module& module, const NamedTensors& optimizer_state, long steps,
                   const std::string& path) {
  save_tensors(path, {{steps_key, std::to_string(steps)}}, with_optimizer(module, optimizer_state),
               own_dialect(), Counters::left_out, names_as_in_memory(module));
}

long load_training(const Module& module, const NamedTensors& optimizer_state,
                   const std::string& path) {
  const SafetensorsFile file(path);
  const long steps = steps_in(file);
  load_tensors(file, with_optimizer(module, optimizer_state), "", names_as_in_memory(module));
  return steps;
}

}  // namespace excite
