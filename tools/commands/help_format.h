// The layout of `excite --help` and `excite COMMAND --help`: usage, description, options in groups,
// examples. Lines end at column 100 and descriptions are aligned:
//   --weight-decay FLOAT  L2 penalty [sgd and muon 0.0005, adamw 0.05]
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace excite {

class HelpFormat : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override;
};

// An option with its value, such as "--epochs INT"; a positional argument, such as "FILE".
std::string label_of(const CLI::Option& option);

// "excite convert [OPTIONS] --to FORMAT IN OUT": required options are named, others are [OPTIONS].
std::string usage_line(const CLI::App& app, const std::string& name);

}  // namespace excite
