// The commands of the program. Each has a file of its own name with one function. The function adds
// the command to the command line; if the user calls the command, `run` is set to what it does.
// run() returns the exit code.
#pragma once
#include <functional>

#include "tools/commands/command_line.h"

namespace excite {

using Run = std::function<int()>;

void add_train(const Command& program, Run& run);
void add_lr_find(const Command& program, Run& run);

void add_evaluate(const Command& program, Run& run);
void add_predict(const Command& program, Run& run);
void add_convert(const Command& program, Run& run);
void add_export(const Command& program, Run& run);

void add_models(const Command& program, Run& run);
void add_summary(const Command& program, Run& run);
void add_graph(const Command& program, Run& run);
void add_inspect(const Command& program, Run& run);
void add_images(const Command& program, Run& run);
void add_plot(const Command& program, Run& run);
void add_gates(const Command& program, Run& run);
void add_report(const Command& program, Run& run);
void add_compare(const Command& program, Run& run);
void add_data(const Command& program, Run& run);

void add_bench(const Command& program, Run& run);
void add_roofline(const Command& program, Run& run);

void add_gradcheck(const Command& program, Run& run);
void add_backward(const Command& program, Run& run);

}  // namespace excite
