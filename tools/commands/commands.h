// The commands of the program. Each has a file of its own name with one function. The function adds
// the command to the command line; if the user calls the command, `run` is set to what it does.
// run() returns the exit code.
#pragma once
#include <functional>

#include "tools/commands/command_line.h"

namespace excite {

using Run = std::function<int()>;

void add_train(const Command& app, Run& run);
void add_lr_find(const Command& app, Run& run);

void add_evaluate(const Command& app, Run& run);
void add_predict(const Command& app, Run& run);
void add_convert(const Command& app, Run& run);
void add_export(const Command& app, Run& run);

void add_models(const Command& app, Run& run);
void add_summary(const Command& app, Run& run);
void add_graph(const Command& app, Run& run);
void add_inspect(const Command& app, Run& run);
void add_images(const Command& app, Run& run);
void add_plot(const Command& app, Run& run);
void add_gates(const Command& app, Run& run);
void add_report(const Command& app, Run& run);
void add_compare(const Command& app, Run& run);
void add_data(const Command& app, Run& run);

void add_bench(const Command& app, Run& run);
void add_roofline(const Command& app, Run& run);

void add_gradcheck(const Command& app, Run& run);
void add_backward(const Command& app, Run& run);

}  // namespace excite
