#include "tools/commands/shared_options.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/number_options.h"
#include "tools/data/load.h"

namespace excite {

void begin_group(CLI::App& command, const std::string& heading) {
  command.option_defaults()->group(heading);
}

CLI::Option* add_model_option(CLI::App& command, std::string& model) {
  return command.add_option("--model", model, "Model to create; `excite models` lists them")
      ->type_name("NAME");
}

CLI::Option* add_set_option(CLI::App& command, std::string& settings) {
  return command
      .add_option("--set", settings,
                  "Options of the model, KEY=VALUE,...; `excite models` lists them with their "
                  "defaults")
      ->type_name("LIST");
}

CLI::Option* add_data_option(CLI::App& command, std::string& data) {
  return command.add_option("--data", data, data_option_help)->type_name("DIR");
}

CLI::Option* add_limit_option(CLI::App& command, long& limit) {
  return command.add_option("--limit", limit, "Use only the first N images of each set; 0: all");
}

CLI::Option* add_strict_option(CLI::App& command, bool& strict) {
  return command.add_flag(
      "--strict", strict,
      "Stop at a file that is not a readable image, instead of skipping it with a warning");
}

CLI::Option* add_threads_option(CLI::App& command, int& threads) {
  return command
      .add_option("--threads", threads, "Worker threads; the numbers do not depend on them")
      ->check(whole_number(1, 1024))
      ->default_str("available cores");
}

CLI::Option* add_plain_option(CLI::App& command, bool& plain) {
  return command.add_flag("--plain", plain,
                          "Disable fused operations (slower; equal up to rounding)");
}

CLI::Option* add_conv_option(CLI::App& command, std::string& conv) {
  return command
      .add_option("--conv", conv,
                  "Algorithm of all convolutions: auto (the fastest for each shape), blas (im2col "
                  "and matrix products), direct or reference (plain loops); all but auto disable "
                  "fused operations")
      ->type_name("NAME");
}

CLI::Option* add_precision_option(CLI::App& command, std::string& precision) {
  return command
      .add_option(
          "--precision", precision,
          "full, or bf16: multiply in bfloat16 where the CPU can (faster; the logits differ "
          "by about 1 %)")
      ->type_name("NAME");
}

CLI::Option* add_csv_option(CLI::App& command, std::string& csv) {
  return command
      .add_option("--csv", csv,
                  "Write a .csv file with one row per image: image, label (empty if unknown), "
                  "probability of each class; -: standard output")
      ->type_name("FILE");
}

CLI::Option* add_json_option(CLI::App& command, bool& json, const std::string& fields) {
  return command.add_flag("--json", json, "Print JSON: " + fields);
}

Precision parse_precision(const std::string& precision, bool plain, const std::string& conv) {
  const std::vector<std::string> known{"full", "bf16"};
  require<UsageError>(std::count(known.begin(), known.end(), precision), "--precision ", precision,
                      ": expected full or bf16", suggestion(precision, known));
  if (precision == "full") return Precision::full;
  require<UsageError>(!plain && conv == "auto",
                      "--precision bf16 cannot be combined with --plain or --conv, which choose "
                      "layers that have no bfloat16 products");
  return Precision::bfloat16;
}

}  // namespace excite
