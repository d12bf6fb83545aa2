// excite report: writes a page that shows what training runs learned, and where they are wrong.
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/report/run_report.h"

namespace excite {

namespace {

struct ReportOptions {
  std::vector<std::string> runs;
  std::string out;
  int threads = excite::threads();
};

int report(const ReportOptions& o) {
  set_threads(o.threads);
  require<UsageError>(o.runs.size() == 1 || !o.out.empty(),
                      "a report of several runs needs a name: add --out FILE.html");
  const std::string out = o.out.empty() ? o.runs.front() + "/report.html" : o.out;
  require_extension(out, ".html");
  std::vector<ReportedRun> runs;
  for (const std::string& folder : o.runs) runs.push_back(read_reported_run(folder));
  write_text_atomically(out, report_page(runs));
  std::fprintf(report_stream(out), "report: %s\n", printable(out).c_str());
  return 0;
}

}  // namespace

void add_report(const Command& program, Run& run) {
  const auto o = std::make_shared<ReportOptions>();
  const Command c = program.add_command(
      "report",
      "Write a page about training runs: curves, mistakes, calibration, gates.\nThe page is one "
      "file of HTML that needs no server and no script. train writes it at the end of a run.");
  c.add_option("runs", o->runs, "Folders of runs").required().type_name("RUN");
  c.begin_group("Run");
  add_threads_option(c, o->threads);
  c.begin_group("Output");
  c.add_option("--out", o->out,
               "The .html file to write; -: standard output [of one run: RUN/report.html]")
      .type_name("FILE");
  c.add_examples({"excite report runs/se_resnet20-1",
                  "excite report --out both.html runs/se_resnet20-1 runs/resnet20-1"});
  c.on_call([=, &run] { run = [=] { return report(*o); }; });
}

}  // namespace excite
