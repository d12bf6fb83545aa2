// The program `excite`: finds the subcommand, runs it, and turns what went wrong into one line and an exit code.
#include <cstdio>
#include <new>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands.h"

namespace excite {
namespace {

enum ExitCode { failed = 1, usage = 2, bad_file = 3, diverged = 4 };

int complain(const char* what, int code) {
  std::fprintf(stderr, "excite: %s\n", what);
  return code;
}

// "train: there is no option --epoch; the nearest is --epochs"
std::string unknown_word(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  std::string word = app.remaining(true).empty() ? "" : app.remaining(true).front();
  word = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : at->get_options()) known.push_back(option->get_name());
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  const std::string where = at == &app ? "" : at->get_name() + ": ";
  return text(where, "there is no ", word.starts_with("-") ? "option" : "command", " ", word, "; the nearest is ", nearest(word, known));
}

int run(int argc, char** argv) {
  CLI::App app("excite: squeeze-and-excitation networks from scratch.", "excite");
  app.set_version_flag("--version", EXCITE_VERSION);
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  app.footer("Each command has --help with an example. Start with: excite train --help");
  Run chosen;
  for (const auto add : {add_train, add_evaluate, add_predict, add_summary, add_bench, add_models, add_inspect, add_gradcheck}) add(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const CLI::ExtrasError&) {
    return complain(unknown_word(app).c_str(), usage);
  } catch (const CLI::ParseError& error) {
    return complain(error.what(), usage);
  }
  return chosen();
}

}  // namespace
}  // namespace excite

int main(int argc, char** argv) {
  using namespace excite;
  try {
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
