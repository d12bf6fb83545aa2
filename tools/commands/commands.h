// The commands of the program. Each has a file of its own name with one function. The function adds
// the command to the command line; if the user calls the command, `run` is set to what it does.
// run() returns the exit code.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

namespace excite {

using Run = std::function<int()>;

void add_train(CLI::App& app, Run& run);
void add_lr_find(CLI::App& app, Run& run);

void add_evaluate(CLI::App& app, Run& run);
void add_predict(CLI::App& app, Run& run);
void add_convert(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);

void add_models(CLI::App& app, Run& run);
void add_summary(CLI::App& app, Run& run);
void add_graph(CLI::App& app, Run& run);
void add_inspect(CLI::App& app, Run& run);
void add_images(CLI::App& app, Run& run);
void add_plot(CLI::App& app, Run& run);
void add_gates(CLI::App& app, Run& run);
void add_report(CLI::App& app, Run& run);
void add_compare(CLI::App& app, Run& run);
void add_data(CLI::App& app, Run& run);

void add_bench(CLI::App& app, Run& run);
void add_roofline(CLI::App& app, Run& run);

void add_gradcheck(CLI::App& app, Run& run);
void add_backward(CLI::App& app, Run& run);

}  // namespace excite
