#include "tools/commands/training_run.h"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <utility>

#include "core/check.h"
#include "core/memory_budget.h"
#include "core/ranks.h"
#include "core/text.h"
#include "tools/commands/dry_run.h"
#include "tools/commands/equal_ranks.h"
#include "tools/commands/next_commands.h"
#include "tools/commands/progress_bar.h"
#include "tools/commands/signals.h"
#include "tools/report/run_report.h"
#include "tools/training/local_batch_norm.h"

namespace excite {

namespace {

// Ctrl-C and a progress bar.
TrainingCallbacks callbacks(const StopSignals& signals, ProgressBar& bar) {
  return {.stop = [&] { return signals.received(); },
          .progress = [&](const Progress& progress) { bar.show(progress); },
          .print = [&](const std::string& line) { bar.line(line); }};
}

std::string accuracy(const char* set, const SetResult& result) {
  char words[60];
  std::snprintf(words, sizeof words, "%s accuracy: %.2f %%", set, 100 * result.accuracy);
  return words;
}

// The accuracy of the last epoch, and of the best one if validation images have chosen it.
std::string result_lines(const std::vector<EpochRow>& log, const RunFolder& folder) {
  const EpochRow &last = log.back(), *best = nullptr;
  for (const EpochRow& row : log)
    if (row.validation && (!best || row.validation->accuracy > best->validation->accuracy))
      best = &row;
  std::string lines;
  if (last.test || last.validation)
    lines =
        text(last.test ? accuracy("test", *last.test) : accuracy("validation", *last.validation),
             " after ", counted(last.epoch, "epoch"), "\n");
  if (best)
    lines += text("best epoch: ", best->epoch, ", ", accuracy("validation", *best->validation),
                  best->test ? ", " + accuracy("test", *best->test) : "",
                  "; its weights: ", printable(folder.best()), "\n");
  return lines;
}

int print_result(const RunFolder& folder, const std::string& data) {
  std::cout << result_lines(read_log(folder.log()), folder) << next_commands(folder, data)
            << std::endl;
  return 0;
}

// A run is complete without its report, so an error is only printed.
void print_report(const RunFolder& folder) {
  try {
    const std::string path = write_report(folder.path());
    std::cout << "report:   " << printable(path) << std::endl;
  } catch (const Error& error) {
    std::cerr << "excite: train: there is no report: " << printable(error.what()) << "\n";
  }
}

// A rank without a folder prints nothing.
int train_to_end(Training& training, const std::optional<RunFolder>& its_folder,
                 const std::string& data, ProgressBar& bar) {
  if (!its_folder) return training.run_without_folder();
  const RunFolder& folder = *its_folder;
  const int code = training.run(folder);
  if (code != 0) {
    const Position& position = training.position();
    bar.line(text("stopped in epoch ", position.epoch + 1, " after step ", position.sums.steps,
                  " of ", training.steps_per_epoch(), "; all is saved. To continue:\n",
                  resume_command(folder)));
    return code;
  }
  print_result(folder, data);
  print_report(folder);
  return 0;
}

// What a lengthened run changes: all schedules but the constant one end with the last epoch.
std::string lengthened_line(const Training& training, long epochs_before) {
  const Recipe& recipe = training.recipe();
  const std::string line = text("epochs: ", recipe.epochs, " instead of ", epochs_before);
  if (recipe.schedule == "constant" || recipe.schedule == "multistep" || recipe.schedule == "step")
    return line + "; the learning rate of each step is that of a run of as many epochs\n";
  return text(line, "; the schedule ", recipe.schedule, " now ends with epoch ", recipe.epochs,
              ", so the learning rate of the next step is ",
              training.learning_rate(training.position().step),
              ", and the finished epochs had other rates than in a run of as many\n");
}

// Half of the memory that may be used is for the images; the rest is for what is decoded later.
std::string cache_line(Training& training, CacheImages cache) {
  if (cache == CacheImages::nowhere) return "";
  const DataSplit& data = training.data();
  if (!data.train.in_files()) return "cache: the images are in memory already\n";
  const CachedImages kept = training.cache_images(max_memory() / 2);
  set_max_memory(max_memory() - kept.bytes);
  return text("cache: ", kept.images, " of ",
              data.train.count() + data.validation.count() + data.test.count(),
              " images stay in memory, ", decimal(static_cast<double>(kept.bytes) / 1e6, 1),
              " MB\n");
}

// Ranks that would compute something else, or on other images, are an error before the first step.
void share_with(Ranks* ranks, Training& training, const RunConfig& config) {
  require_ranks_of(config.recipe, ranks ? ranks->count() : 1);
  if (!ranks) return;
  require_equal_ranks(*ranks, config, training.data(), training.normalization());
  training.share_batches(*ranks);
}

std::string ranks_line(const Ranks* ranks, const Recipe& recipe) {
  if (!ranks) return "";
  return text("ranks: ", ranks->count(), ", which share each batch",
              recipe.batch_norm == "local" ? "; each normalizes its own images" : "", "\n");
}

RunFolder folder_of(const NewRun& run) {
  if (run.start == Start::in_unstarted_folder) return RunFolder::open(run.out);
  return run.out.empty() ? RunFolder::create_numbered("runs/" + run.recipe.model)
                         : RunFolder::create(run.out);
}

}  // namespace

int start_run(const NewRun& run) {
  const bool has_folder = !run.ranks || run.ranks->rank() == 0;
  require<UsageError>(
      !has_folder || run.out.empty() || run.start == Start::in_unstarted_folder ||
          !std::filesystem::exists(run.out),
      "train: --out ", run.out,
      ": it exists already; add --resume to continue the run in it, or give another name");
  const StopSignals signals;
  ProgressBar bar(stdout);
  const auto load = [&] { return load_data(run.data, run.on_bad_image, run.exif); };
  Training training(run.recipe, load_for_ranks(run.ranks, run.data_from, load),
                    callbacks(signals, bar));
  RunConfig config =
      make_config(training.recipe(), run.initial_weights, run.data, run.on_bad_image, run.exif);
  config.kept_epochs = run.kept_epochs;
  share_with(run.ranks, training, config);
  const std::string weights_line = training.load_initial_weights(run.initial_weights);
  if (run.make_step_function)
    training.set_step_function(run.make_step_function(training.total_steps()));
  training.keep_epochs(run.kept_epochs);
  const std::string lines =
      ranks_line(run.ranks, run.recipe) + cache_line(training, run.cache) + run.lines;
  if (run.dry) return print_dry_run(training, config, weights_line + lines);
  if (!has_folder) return train_to_end(training, {}, config.data, bar);
  std::optional<RunFolder> its_folder(folder_of(run));
  const RunFolder& folder = *its_folder;
  write_config(folder.config(), config);
  if (training.data().validation.in_files()) write_split(folder.split(), training.data());
  if (run.data == "builtin")
    std::cout << "The data set is builtin: drawn figures of ten kinds, not photographs. For "
                 "CIFAR-10, run `make cifar10`\n"
                 "and then `make train`, or give a folder with its .bin files: --data DIR\n";
  if (run.start == Start::in_unstarted_folder)
    std::cout << "The run in " << printable(folder.path())
              << " was stopped before it saved its configuration, so it starts from nothing, with "
                 "the options\nof this command line and the defaults of the others.\n";
  std::cout << training.summary() << "\n"
            << training.batch_line() << weights_line << lines
            << "folder: " << printable(folder.path()) << std::endl;
  return train_to_end(training, its_folder, config.data, bar);
}

int resume_run(const std::string& path, std::optional<long> epochs, CacheImages cache, Ranks* ranks,
               DataFrom data_from) {
  const StopSignals signals;
  ProgressBar bar(stdout);
  const bool has_folder = !ranks || ranks->rank() == 0;
  std::optional<RunFolder> folder;
  if (has_folder) folder.emplace(RunFolder::open(path));
  RunConfig config = has_folder ? read_config(folder->config()) : RunConfig{};
  if (ranks) config = config_of_first_rank(*ranks, config);
  const long epochs_before = config.recipe.epochs;
  config.recipe.epochs = epochs.value_or(epochs_before);
  check_recipe(config.recipe);
  const RunConfig current = make_config(config.recipe, config.initial_weights, config.data,
                                        config.on_bad_image, config.exif);
  require<UsageError>(config.precision == current.precision, "train: the run in ", path,
                      " was started in ", config.precision, ", but this program computes in ",
                      current.precision, "; resume it with ",
                      config.precision == "double" ? "excite-double" : "excite");
  if (has_folder && (config.version != current.version || config.cpu != current.cpu))
    std::cerr << "excite: train: the run was started by version " << printable(config.version)
              << " on " << printable(config.cpu) << " and is continued by version "
              << current.version << " on " << printable(current.cpu)
              << ": the numbers may differ in their last bits\n";
  const auto load = [&] { return load_data(config.data, config.on_bad_image, config.exif); };
  Training training(config.recipe, load_for_ranks(ranks, data_from, load), callbacks(signals, bar));
  share_with(ranks, training, current);
  const bool has_checkpoint =
      of_first_rank(ranks, has_folder && std::filesystem::exists(folder->last()));
  training.keep_epochs(config.kept_epochs);
  if (has_checkpoint)
    training.resume_from(has_folder ? folder->last() : "");
  else
    training.load_initial_weights(config.initial_weights);
  if (config.recipe.epochs != epochs_before) {
    require<UsageError>(training.position().epoch <= config.recipe.epochs, "train: --epochs ",
                        config.recipe.epochs, ": the run has finished ",
                        counted(training.position().epoch, "epoch"), " already; expected more");
    // Before a checkpoint of the lengthened run.
    if (has_folder) write_config(folder->config(), config);
    std::cout << lengthened_line(training, epochs_before);
  }
  if (training.position().epoch == config.recipe.epochs) {
    std::cout << "The run in " << printable(path) << " is finished after "
              << counted(config.recipe.epochs, "epoch")
              << ". To train longer, give more with --epochs, or start a new run from its weights, "
                 "with a new schedule of the learning rate.\n";
    return has_folder ? print_result(*folder, config.data) : 0;
  }
  std::cout << training.summary() << "\n"
            << ranks_line(ranks, config.recipe) << cache_line(training, cache)
            << "folder: " << printable(path)
            << (has_checkpoint ? ", continued after step " : ", from the beginning: step ")
            << training.position().step << std::endl;
  return train_to_end(training, folder, config.data, bar);
}

}  // namespace excite
