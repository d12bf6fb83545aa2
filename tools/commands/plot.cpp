// excite plot: draws loss and accuracy of training runs, epoch by epoch, as an SVG image, or writes
// them for TensorBoard.
#include <filesystem>
#include <memory>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "tools/commands/commands.h"
#include "tools/commands/curves.h"
#include "tools/commands/event_file.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/svg.h"

namespace excite {

namespace {

// The log of the folder of a run, or the log itself, possibly copied under another name.
std::filesystem::path log_of(const std::filesystem::path& path) {
  const bool in_folder = std::filesystem::is_directory(path);
  return std::filesystem::absolute(in_folder ? path / "log.csv" : path).lexically_normal();
}

PlottedRun read_run(const std::string& path, const std::string& color) {
  const std::filesystem::path log = log_of(path);
  const std::filesystem::path name =
      log.filename() == "log.csv" ? log.parent_path().filename() : log.stem();
  return {name.string(), read_log(log), color};
}

struct PlotOptions {
  std::vector<std::string> runs;
  std::string out;
  bool tensorboard = false;
};

int plot(const PlotOptions& o) {
  require<UsageError>(o.tensorboard || !o.out.empty(),
                      "plot: nothing to write; give --out FILE.svg, --tensorboard, or both");
  if (!o.out.empty()) {
    require_extension(o.out, ".svg");
    std::vector<PlottedRun> runs;
    for (const std::string& path : o.runs)
      runs.push_back(read_run(path, svg::colors[runs.size() % std::size(svg::colors)]));
    write_text_atomically(o.out, draw_curves(runs).xml());
  }
  if (o.tensorboard)
    for (const std::string& path : o.runs)
      write_text_atomically(log_of(path).replace_filename("events.out.tfevents.0.excite"),
                            event_file(read_log(log_of(path))));
  return 0;
}

}  // namespace

void add_plot(const Command& program, Run& run) {
  const auto o = std::make_shared<PlotOptions>();
  const Command c = program.add_command("plot", "Draw loss and accuracy of training runs.");
  c.add_option("runs", o->runs, "Folders of runs, or their log.csv files; each gets a color")
      .required()
      .type_name("RUN");
  c.begin_group("Output");
  c.add_option("--out", o->out, "The .svg file to write; -: standard output").type_name("FILE");
  c.add_flag("--tensorboard", o->tensorboard,
             "Write an event file for TensorBoard into the folder of each run");
  c.add_examples({"excite plot --out curves.svg runs/se_resnet20-1 runs/resnet20-1",
                  "excite plot --tensorboard runs/*; tensorboard --logdir runs"});
  c.on_call([=, &run] { run = [=] { return plot(*o); }; });
}

}  // namespace excite
