// excite evaluate: how good trained weights are on a set's test images.
#include <cstdio>
#include <memory>
#include <utility>

#include "core/check.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "tools/commands/class_files.h"
#include "tools/commands/commands.h"
#include "tools/commands/ensemble_options.h"
#include "tools/commands/output.h"
#include "tools/data/load.h"
#include "tools/training/metrics.h"

namespace excite {

namespace {

struct EvaluateOptions {
  EnsembleOptions ensemble;
  std::string data = "builtin", csv;
  long batch = 250, limit = 0;
  int threads = excite::threads();
  bool json = false, strict = false;
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

// A table of accuracies and, beside it, of what each class was taken for; beyond some classes only
// the first.
void print_table(const Metrics& m, const std::vector<std::string>& classes) {
  constexpr long max_columns = 20;
  std::printf("images %ld   loss %.4f   top-1 %.2f %%   top-5 %.2f %%\n\n", m.count(), m.loss(),
              100 * m.top1(), 100 * m.top5());
  std::printf("%-16s images  accuracy%s\n", "class",
              m.classes() <= max_columns ? "   taken for (columns in the order of the rows)" : "");
  for (long i = 0; i < m.classes(); i++) {
    std::printf("%-16s %8ld  %6.2f %%", printable(classes[i]).c_str(), m.count_of(i),
                100 * m.accuracy_of(i));
    if (m.classes() <= max_columns) std::printf("  ");
    for (long j = 0; j < m.classes() && m.classes() <= max_columns; j++)
      std::printf(" %5ld", m.confusion(i, j));
    std::printf("\n");
  }
}

Metrics measure_into_csv(const Ensemble& ensemble, const Dataset& set, Evaluation how,
                         const std::string& path) {
  const auto to_the_end = [](const Metrics&) { return true; };
  if (path.empty()) return measure_accuracy(ensemble, set, how, to_the_end);
  Metrics metrics(ensemble.classes());
  write_atomically(path, [&](FileWriter& out) {
    write_csv_head(out, set.classes);
    how.seen = [&](const Samples& samples, const Tensor& logits) {
      const Tensor p = softmax(logits);
      for (std::size_t i = 0; i < samples.numbers.size(); i++)
        write_csv_row(out, set.name(samples.numbers[i]), set.classes[samples.labels[i]],
                      p.data() + static_cast<long>(i) * ensemble.classes(), ensemble.classes());
    };
    metrics = measure_accuracy(ensemble, set, how, to_the_end);
  });
  return metrics;
}

int evaluate(const EvaluateOptions& o) {
  set_threads(o.threads);
  require<UsageError>(o.batch >= 1, "evaluate: --batch ", o.batch, ": expected at least 1");
  require<UsageError>(o.limit >= 0, "evaluate: --limit ", o.limit, ": expected at least 0");
  const LoadedEnsemble loaded = load_ensemble(o.ensemble);
  Dataset test = load_test_data(o.data, o.strict ? Broken::refused : Broken::skipped);
  if (o.limit > 0) test = keep_first(std::move(test), o.limit);
  require<FileError>(test.classes == loaded.classes, "evaluate: ", o.ensemble.weights.front(),
                     " tells apart ", loaded.classes.size(), " classes, and they are not the ",
                     test.classes.size(), " of ", o.data, ", or in another order");
  const Metrics metrics = measure_into_csv(loaded.ensemble(), test, {o.batch}, o.csv);
  o.json ? print_json(as_json(metrics, loaded.classes)) : print_table(metrics, loaded.classes);
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  const auto o = std::make_shared<EvaluateOptions>();
  CLI::App* c = app.add_subcommand("evaluate",
                                   "measures trained weights on a set's test images: loss, top-1, "
                                   "top-5, per class, confusion matrix");
  add_ensemble_options(*c, o->ensemble);
  c->add_option("--data", o->data, data_in_words);
  c->add_option("--batch", o->batch, "images at a time");
  c->add_option("--limit", o->limit, "use only the first N images; 0 for all");
  c->add_option("--threads", o->threads, "changes the time, not the numbers")
      ->check(CLI::Range(1, 1024));
  c->add_option("--csv", o->csv,
                "a .csv file for the probabilities of each image: image, label, and each class")
      ->default_str("");
  c->add_flag("--strict", o->strict,
              "a file that is no image is an error; else it is named and left out");
  c->add_flag("--json", o->json,
              "prints JSON: loss, top1, top5 (fractions), per_class, confusion (rows: true class, "
              "columns: predicted)");
  c->footer(
      "Example: excite evaluate --weights runs/se_resnet20-1/last.safetensors --data "
      "data/cifar-10-batches-bin\n"
      "         excite evaluate --weights a.safetensors --weights b.safetensors --ensemble-weights "
      "2,1");
  c->callback([=, &run] { run = [=] { return evaluate(*o); }; });
}

}  // namespace excite
