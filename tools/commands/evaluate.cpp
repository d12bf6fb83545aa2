// excite evaluate: measures trained weights on the test images of a data set.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/check.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/class_files.h"
#include "tools/commands/commands.h"
#include "tools/commands/ensemble_options.h"
#include "tools/commands/number_options.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/data/load.h"
#include "tools/training/config.h"
#include "tools/training/metrics.h"

namespace excite {

namespace {

struct EvaluateOptions {
  EnsembleOptions ensemble;
  std::string data, csv;  // data: empty: that of the run
  long batch = EvaluationOptions().batch, limit = 0;
  int threads = excite::threads();
  bool json = false, strict = false;
  Exif exif = Exif::apply;
  long max_memory = 0;
};

nlohmann::ordered_json as_json(const Metrics& m, const std::vector<std::string>& classes) {
  nlohmann::ordered_json json{
      {"images", m.count()}, {"loss", m.loss()}, {"top1", m.top1()}, {"top5", m.top5()}};
  json["per_class"] = nlohmann::ordered_json::array();
  json["confusion"] = nlohmann::ordered_json::array();
  for (long i = 0; i < m.classes(); i++) {
    std::vector<long> row;
    for (long j = 0; j < m.classes(); j++) row.push_back(m.confusion(i, j));
    json["per_class"].push_back(
        {{"class", classes[i]}, {"images", m.count_of(i)}, {"accuracy", m.accuracy_of(i)}});
    json["confusion"].push_back(row);
  }
  return json;
}

// The accuracy of each class, and beside it the confusion matrix if it is not too wide.
void print_table(std::FILE* out, const Metrics& m, const std::vector<std::string>& classes) {
  constexpr long max_columns = 20;
  std::fprintf(out, "images %ld   loss %s   top-1 %.2f %%   top-5 %.2f %%\n\n", m.count(),
               decimal(m.loss(), 4).c_str(), 100 * m.top1(), 100 * m.top5());
  std::fprintf(
      out, "%-16s images  accuracy%s\n", "class",
      m.classes() <= max_columns ? "   predicted as (columns in the order of the rows)" : "");
  for (long i = 0; i < m.classes(); i++) {
    std::fprintf(out, "%-16s %8ld  %6.2f %%", printable(classes[i]).c_str(), m.count_of(i),
                 100 * m.accuracy_of(i));
    if (m.classes() <= max_columns) std::fprintf(out, "  ");
    for (long j = 0; j < m.classes() && m.classes() <= max_columns; j++)
      std::fprintf(out, " %5ld", m.confusion(i, j));
    std::fprintf(out, "\n");
  }
}

Metrics evaluate_into_csv(const Ensemble& ensemble, const Dataset& set, EvaluationOptions options,
                          const std::string& path) {
  const auto keep_going = [](const Metrics&) { return true; };
  options.on_not_finite = OnNotFinite::fail;
  if (path.empty()) return measure_accuracy(ensemble, set, options, keep_going);
  Metrics metrics(ensemble.classes());
  write_atomically(path, [&](FileWriter& out) {
    write_csv_head(out, set.classes);
    options.on_batch = [&](const Samples& samples, const Tensor& logits) {
      const Tensor p = softmax(logits);
      for (std::size_t i = 0; i < samples.indices.size(); i++)
        write_csv_row(out, set.name(samples.indices[i]), set.classes[samples.labels[i]],
                      p.data() + static_cast<long>(i) * ensemble.classes(), ensemble.classes());
    };
    metrics = measure_accuracy(ensemble, set, options, keep_going);
  });
  return metrics;
}

void require_same_classes(const EvaluateOptions& o, const std::vector<std::string>& of_data,
                          const std::vector<std::string>& of_weights) {
  require<FileError>(of_weights.size() == of_data.size(), o.ensemble.weights.front(), ": has ",
                     of_weights.size(), " classes, expected the ", of_data.size(), " of ", o.data);
  for (std::size_t i = 0; i < of_data.size(); i++)
    require<FileError>(of_weights[i] == of_data[i], o.ensemble.weights.front(), ": class ", i,
                       " is '", of_weights[i], "', expected '", of_data[i], "' as in ", o.data,
                       "; give its names with --labels, or their order with --class-order");
}

// The configuration beside the weights; nothing if there is none that this version reads.
std::optional<RunConfig> config_beside(const std::string& weights) {
  const std::filesystem::path path = std::filesystem::path(weights).replace_filename("config.json");
  if (!std::filesystem::exists(path)) return {};
  try {
    return read_config(path);
  } catch (const Error&) {
    return {};
  }
}

// Without --data: the data of the run, with its limit and EXIF; the built-in images for weights
// without a run. Sets o.data to what is measured.
Dataset load_images(EvaluateOptions& o) {
  OnBadImage on_bad_image = o.strict ? OnBadImage::fail : OnBadImage::skip;
  if (!o.data.empty()) return load_test_data(o.data, on_bad_image, o.exif);
  o.data = "builtin";
  const std::optional<RunConfig> config = config_beside(o.ensemble.weights.front());
  if (!config) return load_test_data(o.data);
  o.data = config->data;
  if (o.limit == 0) o.limit = config->recipe.limit;
  Dataset set = load_data_to_judge(o.data, config->recipe.validation, on_bad_image, config->exif);
  if (o.data != "builtin")
    std::cerr << "excite: evaluate: no --data: measuring images of " << printable(set.source)
              << ", the data of the run\n";
  return set;
}

int evaluate(EvaluateOptions o) {
  set_threads(o.threads);
  require_json_alone(o.json, o.csv);
  use_max_memory(o.max_memory);
  const LoadedEnsemble loaded = load_ensemble(o.ensemble);
  Dataset test = load_images(o);
  if (o.limit > 0) test = keep_first(std::move(test), o.limit);
  require_same_classes(o, test.classes, loaded.classes);
  const Metrics metrics =
      evaluate_into_csv(loaded.ensemble(Weights::constant), test, {o.batch}, o.csv);
  if (o.json)
    print_json(as_json(metrics, loaded.classes));
  else
    print_table(report_stream(o.csv), metrics, loaded.classes);
  return 0;
}

}  // namespace

void add_evaluate(const Command& program, Run& run) {
  const auto o = std::make_shared<EvaluateOptions>();
  const Command c = program.add_command(
      "evaluate",
      "Measure the accuracy of weights on the test images of a data set.\nPrints the loss, the "
      "top-1 "
      "and top-5 accuracy, the accuracy of each class and the confusion matrix. Without --data, "
      "weights in the folder of a run are measured on the data of the run.");
  add_ensemble_options(c, o->ensemble);
  c.begin_group("Data");
  add_data_option(c, o->data).default_text("builtin");
  add_limit_option(c, o->limit).whole_number(0);
  add_strict_option(c, o->strict);
  add_exif_option(c, o->exif);
  c.begin_group("Run");
  c.add_option("--batch", o->batch, "Images per batch; each crop of an image counts as one")
      .whole_number(1);
  add_threads_option(c, o->threads);
  add_max_memory_option(c, o->max_memory);
  c.begin_group("Output");
  add_csv_option(c, o->csv);
  add_json_option(c, o->json,
                  "images, loss, top1, top5 (fractions), per_class, confusion (rows: true class, "
                  "columns: predicted class)");
  c.add_examples(
      {"excite evaluate --weights runs/se_resnet20-1/last.safetensors --data "
       "data/cifar-10-batches-bin",
       "excite evaluate --weights a.safetensors --weights b.safetensors "
       "--ensemble-weights 2,1"});
  c.on_call([=, &run] { run = [=] { return evaluate(*o); }; });
}

}  // namespace excite
