// excite plot: draws loss and accuracy of training runs, epoch by epoch, as an SVG image.
#include <filesystem>
#include <memory>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "tools/commands/commands.h"
#include "tools/commands/curves.h"
#include "tools/commands/help_format.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/svg.h"

namespace excite {

namespace {

// Reads the folder of a run, or its log.csv, possibly copied under another name.
PlottedRun read_run(const std::string& path, const std::string& color) {
  std::filesystem::path log = path;
  if (std::filesystem::is_directory(log)) log /= "log.csv";
  const std::filesystem::path full = std::filesystem::absolute(log).lexically_normal();
  const std::filesystem::path name =
      full.filename() == "log.csv" ? full.parent_path().filename() : full.stem();
  return {name.string(), read_log(log), color};
}

int plot(const std::vector<std::string>& paths, const std::string& out) {
  require_extension(out, ".svg");
  std::vector<PlottedRun> runs;
  for (const std::string& path : paths)
    runs.push_back(read_run(path, svg::colors[runs.size() % std::size(svg::colors)]));
  write_text_atomically(out, draw_curves(runs).xml());
  return 0;
}

}  // namespace

void add_plot(CLI::App& app, Run& run) {
  struct PlotOptions {
    std::vector<std::string> runs;
    std::string out;
  };
  const auto o = std::make_shared<PlotOptions>();
  CLI::App* c = app.add_subcommand("plot", "Draw loss and accuracy of training runs.");
  c->add_option("runs", o->runs, "Folders of runs, or their log.csv files; each gets a color")
      ->required()
      ->type_name("RUN");
  begin_group(*c, "Output");
  c->add_option("--out", o->out, "The .svg file to write; -: standard output")
      ->required()
      ->type_name("FILE");
  add_examples(*c, {"excite plot --out curves.svg runs/se_resnet20-1 runs/resnet20-1"});
  c->callback([=, &run] { run = [=] { return plot(o->runs, o->out); }; });
}

}  // namespace excite
