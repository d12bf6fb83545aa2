// excite gates: shows what the gates of the squeeze-and-excitation blocks do.
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/network_options.h"
#include "tools/commands/number_options.h"
#include "tools/commands/output.h"
#include "tools/commands/preprocessing_options.h"
#include "tools/commands/shared_options.h"
#include "tools/data/load.h"
#include "tools/report/gates_drawing.h"
#include "tools/report/measure_gates.h"

namespace excite {

namespace {

struct GatesOptions {
  WeightsOptions network;
  PreprocessingOptions preprocessing;
  std::string data = "builtin", csv, svg;
  std::vector<std::string> images;
  long limit = 0;
  int threads = excite::threads();
};

void print_summary(std::FILE* out, const std::vector<GateStatistics>& blocks) {
  std::fprintf(out, "%-24s channels   mean  near 0  near 1    same  between  within  share\n",
               "block");
  for (const GateStatistics& gates : blocks) {
    const GateSummary s = summarize(gates);
    std::fprintf(out, "%-24s %8ld  %5.3f  %4.0f %%  %4.0f %%  %4.0f %%    %5.3f   %5.3f  %5.3f\n",
                 printable(gates.block()).c_str(), gates.channels(), s.mean, 100 * s.near_0,
                 100 * s.near_1, 100 * s.same, s.between, s.within, s.share);
  }
}

void write_csv(const GatesOptions& o, const TrainedModel& trained,
               const std::vector<GateStatistics>& blocks) {
  write_atomically(o.csv, [&](FileWriter& out) {
    write_gates_head(out);
    for (const GateStatistics& gates : blocks)
      write_gates(out, gates, trained.preprocessing.classes);
    const GateReader reader(trained.model, resize_crop_of(trained, resize).side);
    for (const std::string& path : o.images) {
      const std::vector<Tensor> gates = reader(image_for(trained, open_image(path)));
      for (std::size_t i = 0; i < gates.size(); i++)
        write_gates_of_image(out, reader.blocks()[i], path, gates[i]);
    }
  });
}

int gates(const GatesOptions& o) {
  set_threads(o.threads);
  require<UsageError>(o.images.empty() || !o.csv.empty(),
                      "the gates of single images are written to a file: add --csv FILE");
  if (!o.svg.empty()) require_extension(o.svg, ".svg");
  TrainedModel trained = load_network(o.network);
  override_preprocessing(trained, o.preprocessing);
  Dataset data = load_test_data(o.data);
  if (o.limit > 0) data = keep_first(std::move(data), o.limit);
  const std::vector<GateStatistics> blocks = measure_gates(trained, data);
  require<UsageError>(!blocks.empty(), trained.model.name,
                      " has no squeeze-and-excitation block, so it has no gates");
  if (!o.csv.empty()) write_csv(o, trained, blocks);
  if (!o.svg.empty()) {
    const std::vector<std::string>& classes = trained.preprocessing.classes;
    write_text_atomically(o.svg,
                          draw_gates(blocks, classes, classes_to_draw(blocks.front())).xml());
  }
  print_summary(report_stream(is_standard_output(o.csv) ? o.csv : o.svg), blocks);
  return 0;
}

}  // namespace

void add_gates(const Command& program, Run& run) {
  const auto o = std::make_shared<GatesOptions>();
  const Command c = program.add_command(
      "gates",
      "Show what the gates of squeeze-and-excitation blocks do, by class.\nPer block: the mean "
      "gate; the channels whose mean is below 0.1, above 0.9, or the same for all classes (within "
      "0.05); the deviation between the classes' means, and within a class; the share of the "
      "variance between the classes.");
  c.add_option("images", o->images, "Images whose gates are added to the --csv file")
      .type_name("IMAGE");
  c.begin_group("Model");
  add_weights_options(c, o->network);
  c.begin_group("Preprocessing");
  add_preprocessing_options(c, o->preprocessing);
  c.begin_group("Data");
  add_data_option(c, o->data);
  add_limit_option(c, o->limit).whole_number(0);
  c.begin_group("Run");
  add_threads_option(c, o->threads);
  c.begin_group("Output");
  c.add_option("--csv", o->csv,
               "Write mean and deviation per block, channel and class; -: standard output")
      .type_name("FILE");
  c.add_option("--svg", o->svg, "Draw the means of five classes and of all; -: standard output")
      .type_name("FILE");
  c.add_examples({"excite gates --weights runs/se_resnet20-1/best.safetensors --svg gates.svg",
                  "excite gates --weights best.safetensors --csv gates.csv cat.jpg dog.jpg"});
  c.on_call([=, &run] { run = [=] { return gates(*o); }; });
}

}  // namespace excite
