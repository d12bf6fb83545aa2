// The program `excite`: parses the command line, runs the command, and turns every exception into
// one line on standard error and an exit code.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/error_line.h"
#include "tools/commands/help_format.h"
#include "tools/commands/number_options.h"
#include "tools/commands/parse_errors.h"
#include "tools/mpi/mpi.h"

namespace excite {
namespace {

enum ExitCode { failed = 1, usage = 2, bad_file = 3, diverged = 4 };

// "excite: train: MESSAGE". Some messages begin with the command already.
int report(const std::string& command, const std::string& message, int code) {
  const bool named = command.empty() || message.starts_with(command + ":");
  const std::string origin = error_origin().empty() ? "" : error_origin() + ": ";
  const std::string line = origin + (named ? message : command + ": " + message);
  std::fprintf(stderr, "excite: %s\n", printable(line).c_str());
  return code;
}

// Without memory of its own: there may be none left.
int report_out_of_memory(const std::string& command) {
  char line[200];
  std::snprintf(line, sizeof line, "excite: %s%s%s%sout of memory; use smaller batches or images\n",
                error_origin().c_str(), error_origin().empty() ? "" : ": ", command.c_str(),
                command.empty() ? "" : ": ");
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line, std::strlen(line));
  return failed;
}

// A newly opened file gets the lowest free descriptor. If a standard stream were closed, an output
// file could take its place and what is printed would end up in that file.
void occupy_standard_streams() {
  const bool can_print = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", O_RDWR);
  require(can_print, "standard output: it is closed; run the command with an open one");
}

// Whether the reader of the pipe or the terminal is gone. Then nobody misses what was printed.
bool is_hung_up(int error) {
  struct stat out {};
  return error == EPIPE ||
         (error == EIO && fstat(STDOUT_FILENO, &out) == 0 && S_ISCHR(out.st_mode));
}

// Flushes what was printed. Only now may it turn out that the disk is full.
int flushed(int code) {
  if (std::ferror(stdout)) [[maybe_unused]]
    const auto written = write(STDOUT_FILENO, "\n", 1);  // fails again and sets errno
  else
    errno = 0;
  const bool written =
      (std::cout.flush() && std::fflush(stdout) == 0 && !std::ferror(stdout)) || is_hung_up(errno);
  require(written, "standard output: the results could not be written",
          errno ? text(": ", std::strerror(errno)) : "");
  return code;
}

void add_commands(CLI::App& app, Run& chosen) {
  struct Group {
    const char* heading;
    std::vector<void (*)(const Command&, Run&)> commands;
  };
  const std::vector<Group> groups{
      {"Training", {add_train, add_lr_find}},
      {"Using trained weights", {add_evaluate, add_predict, add_convert, add_export}},
      {"Looking at models, files and data",
       {add_models, add_summary, add_graph, add_inspect, add_images, add_plot, add_report,
        add_compare, add_data, add_gates}},
      {"Measuring speed", {add_bench, add_roofline}},
      {"Checking gradients", {add_gradcheck, add_backward}}};
  for (const Group& group : groups)
    for (const auto add : group.commands) {
      add(Command(app), chosen);
      app.get_subcommands({}).back()->group(group.heading);
    }
}

// Sets `command` to the command that was called, for the line of an error.
int run(int argc, char** argv, std::string& command) {
  CLI::App app("Train and use squeeze-and-excitation networks.", "excite");
  app.formatter(std::make_shared<HelpFormat>());
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", EXCITE_VERSION, "Print the version")->group("Other");
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  app.footer("`excite COMMAND --help` lists a command's options. Start with: excite train --help");
  Run chosen;
  add_commands(app, chosen);
  read_numbers_strictly(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return flushed(app.exit(help_or_version));
  } catch (const CLI::ParseError& error) {
    command = called_command(app);
    throw UsageError(argc < 2 ? "expected a command, such as train; `excite --help` lists them"
                              : sentence_of(app, error));
  }
  command = called_command(app);
  return flushed(chosen());
}

// Of the exception that is being handled.
int report_exception(const std::string& command) {
  try {
    throw;
  } catch (const UsageError& error) {
    return report(command, error.what(), usage);
  } catch (const FileError& error) {
    return report(command, error.what(), bad_file);
  } catch (const Diverged& error) {
    return report(command, error.what(), diverged);
  } catch (const std::bad_alloc&) {
    return report_out_of_memory(command);
  } catch (const std::exception& error) {
    return report(command, error.what(), failed);
  }
}

}  // namespace
}  // namespace excite

int main(int argc, char** argv) {
  using namespace excite;
  // A write beyond the allowed file size is then an error like any other, and does not end the
  // process.
  std::signal(SIGXFSZ, SIG_IGN);
  std::string command;
  try {
    occupy_standard_streams();
    return run(argc, argv, command);
  } catch (...) {
    const auto report = [&] { return report_exception(command); };
    return command == "train" || command == "bench" ? report_error_on_ranks(report) : report();
  }
}
