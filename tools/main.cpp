// The program `excite`: finds the subcommand, runs it, and turns what went wrong into one line and
// an exit code.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/number_options.h"
#include "tools/commands/output.h"

namespace excite {
namespace {

enum ExitCode { failed = 1, usage = 2, bad_file = 3, diverged = 4 };

int complain(const char* what, int code) {
  std::fprintf(stderr, "excite: %s\n", printable(what).c_str());
  return code;
}

// A file that is opened gets the lowest free number. If a standard stream were closed, the next
// file would take its place, and what is printed would land in it.
void hold_standard_streams() {
  const bool somewhere_to_print = fcntl(1, F_GETFD) >= 0;
  for (const int stream : {0, 1, 2})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", O_RDWR);
  require(somewhere_to_print, "standard output: it is closed, so there is nowhere to print to");
}

// What was printed may still wait in a buffer, and only now find that there is no place for it.
int delivered(int code) {
  if (std::ferror(stdout)) [[maybe_unused]]
    const auto refused = write(STDOUT_FILENO, "\n", 1);  // to be told again why
  else
    errno = 0;
  const bool written = std::cout.flush() && std::fflush(stdout) == 0 && !std::ferror(stdout);
  require(written, "standard output: what was printed could not be written",
          errno ? text(": ", std::strerror(errno)) : "");
  return code;
}

const CLI::App& chosen_command(const CLI::App& app) {
  return app.get_subcommands().empty() ? app : *app.get_subcommands().front();
}

std::string where(const CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  return &command == &app ? "" : command.get_name() + ": ";
}

// "train: there is no option --epoch; the nearest is --epochs"
std::string unknown_word(const CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  const std::string first = app.remaining(true).front(), word = first.substr(0, first.find('='));
  std::vector<std::string> known;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : command.get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    return text(where(app), "there is no option ", word, "; the nearest is ", nearest(word, known));
  }
  if (&command != &app)
    return text(where(app), "there is nothing to do with the word '", first, "'");
  for (const CLI::App* possible : app.get_subcommands({})) known.push_back(possible->get_name());
  return text("there is no command '", word, "'; the nearest is ", nearest(word, known));
}

int run(int argc, char** argv) {
  CLI::App app("excite: squeeze-and-excitation networks from scratch.", "excite");
  app.set_version_flag("--version", EXCITE_VERSION);
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  app.footer("Each command has --help with an example. Start with: excite train --help");
  Run chosen;
  for (const auto add :
       {add_train, add_evaluate, add_predict, add_summary, add_plot, add_images, add_bench,
        add_roofline, add_models, add_inspect, add_convert, add_backward, add_gradcheck})
    add(app, chosen);
  read_numbers_strictly(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    return delivered(app.exit(asked_for_help));
  } catch (const CLI::ParseError& error) {
    if (argc < 2)
      throw UsageError("a command is expected, such as train; excite --help lists them");
    throw UsageError(app.remaining(true).empty() ? where(app) + error.what() : unknown_word(app));
  }
  return delivered(chosen());
}

}  // namespace
}  // namespace excite

int main(int argc, char** argv) {
  using namespace excite;
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow further is then an error of the write,
                                  // not the end of the process
  try {
    hold_standard_streams();
    return run(argc, argv);
  } catch (const UsageError& error) {
    return complain(error.what(), usage);
  } catch (const FileError& error) {
    return complain(error.what(), bad_file);
  } catch (const Diverged& error) {
    return complain(error.what(), diverged);
  } catch (const std::bad_alloc&) {
    return complain("there is not enough memory for this", failed);
  } catch (const std::exception& error) {
    return complain(error.what(), failed);
  }
}
