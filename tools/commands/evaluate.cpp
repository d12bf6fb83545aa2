// excite evaluate: how good trained weights are on a set's test pictures.
#include <cstdio>
#include <memory>
#include <utility>

#include "core/check.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "tools/commands/class_files.h"
#include "tools/commands/commands.h"
#include "tools/data/load.h"
#include "tools/commands/output.h"
#include "tools/training/metrics.h"
#include "tools/commands/ensemble_options.h"

namespace excite {

namespace {

struct EvaluateOptions {
  VoterOptions voters;
  std::string data = "builtin", csv;
  long batch = 250, limit = 0;
  int threads = excite::threads();
  bool json = false, strict = false;
};

nlohmann::ordered_json as_json(const Metrics& m, const std::vector<std::string>& classes) {
  nlohmann::ordered_json json{{"pictures", m.count()}, {"loss", m.loss()}, {"top1", m.top1()}, {"top5", m.top5()}};
  json["per_class"] = nlohmann::ordered_json::array();
  json["confusion"] = nlohmann::ordered_json::array();
  for (long i = 0; i < m.classes(); i++) {
    std::vector<long> row;
    for (long j = 0; j < m.classes(); j++) row.push_back(m.confusion(i, j));
    json["per_class"].push_back({{"class", classes[static_cast<std::size_t>(i)]}, {"pictures", m.count_of(i)}, {"accuracy", m.accuracy_of(i)}});
    json["confusion"].push_back(row);
  }
  return json;
}

// A table of accuracies and, beside it, of what each class was taken for; beyond some classes only the first.
void print_table(const Metrics& m, const std::vector<std::string>& classes) {
  constexpr long most_columns = 20;
  std::printf("pictures %ld   loss %.4f   top-1 %.2f %%   top-5 %.2f %%\n\n", m.count(), m.loss(), 100 * m.top1(), 100 * m.top5());
  std::printf("%-16s pictures  accuracy%s\n", "class", m.classes() <= most_columns ? "   taken for (columns in the order of the rows)" : "");
  for (long i = 0; i < m.classes(); i++) {
    std::printf("%-16s %8ld  %6.2f %%", printable(classes[static_cast<std::size_t>(i)]).c_str(), m.count_of(i), 100 * m.accuracy_of(i));
    if (m.classes() <= most_columns) std::printf("  ");
    for (long j = 0; j < m.classes() && m.classes() <= most_columns; j++) std::printf(" %5ld", m.confusion(i, j));
    std::printf("\n");
  }
}

Metrics measure_into_csv(const Jury& jury, const Dataset& set, Evaluation how, const std::string& path) {
  const auto to_the_end = [](const Metrics&) { return true; };
  if (path.empty()) return measure_accuracy(jury, set, how, to_the_end);
  Metrics metrics(jury.classes());
  write_atomically(path, [&](FileWriter& out) {
    write_csv_head(out, set.classes);
    how.seen = [&](const Pictures& pictures, const Tensor& logits) {
      const Tensor p = softmax(logits);
      for (std::size_t i = 0; i < pictures.numbers.size(); i++)
        write_csv_row(out, set.name(pictures.numbers[i]), set.classes[static_cast<std::size_t>(pictures.labels[i])],
                      p.data() + static_cast<long>(i) * jury.classes(), jury.classes());
    };
    metrics = measure_accuracy(jury, set, how, to_the_end);
  });
  return metrics;
}

int evaluate(const EvaluateOptions& o) {
  set_threads(o.threads);
  require<UsageError>(o.batch >= 1, "evaluate: --batch ", o.batch, ": expected at least 1");
  require<UsageError>(o.limit >= 0, "evaluate: --limit ", o.limit, ": expected at least 0");
  const Voters voters = load_voters(o.voters);
  Dataset test = load_test_data(o.data, o.strict ? Broken::refused : Broken::skipped);
  if (o.limit > 0) test = keep_first(std::move(test), o.limit);
  require<FileError>(test.classes == voters.classes, "evaluate: ", o.voters.weights.front(), " tells apart ", voters.classes.size(),
                     " classes, and they are not the ", test.classes.size(), " of ", o.data, ", or in another order");
  const Metrics metrics = measure_into_csv(voters.jury(), test, {o.batch}, o.csv);
  o.json ? print_json(as_json(metrics, voters.classes)) : print_table(metrics, voters.classes);
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  const auto o = std::make_shared<EvaluateOptions>();
  CLI::App* c = app.add_subcommand("evaluate", "measures trained weights on a set's test pictures: loss, top-1, top-5, per class, confusion matrix");
  add_voter_options(*c, o->voters);
  c->add_option("--data", o->data, data_in_words);
  c->add_option("--batch", o->batch, "pictures at a time");
  c->add_option("--limit", o->limit, "use only the first N pictures; 0 for all");
  c->add_option("--threads", o->threads, "changes the time, not the numbers")->check(CLI::Range(1, 1024));
  c->add_option("--csv", o->csv, "a .csv file for the probabilities of each picture: picture, label, and each class")->default_str("");
  c->add_flag("--strict", o->strict, "a file that is no picture is an error; else it is named and left out");
  c->add_flag("--json", o->json, "prints JSON: loss, top1, top5 (fractions), per_class, confusion (rows: true class, columns: predicted)");
  c->footer("Example: excite evaluate --weights runs/se_resnet20-1/last.safetensors --data data/cifar-10-batches-bin\n"
            "         excite evaluate --weights a.safetensors --weights b.safetensors --shares 2,1");
  c->callback([=, &run] { run = [=] { return evaluate(*o); }; });
}

}  // namespace excite
