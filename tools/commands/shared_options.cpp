#include "tools/commands/shared_options.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <vector>

#include "core/check.h"
#include "core/memory_budget.h"
#include "core/text.h"
#include "tools/commands/number_options.h"
#include "tools/data/load.h"

namespace excite {

namespace {

std::string upper(std::string word) {
  for (char& letter : word)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return word;
}

// "500M" -> 500'000'000. A number of bytes, or of the unit behind it: K, M, G, T for powers of
// 1000, Ki, Mi, Gi, Ti for powers of 1024; a B may follow.
long bytes_of(const std::string& size) {
  const std::size_t digits = std::min(size.find_first_not_of("0123456789."), size.size());
  const std::optional<double> number = parse_number<double>(size.substr(0, digits));
  std::string unit = size.substr(digits);
  if (unit.ends_with('B')) unit.pop_back();
  const double step = unit.ends_with('i') ? 1024 : 1000;
  if (unit.ends_with('i')) unit.pop_back();
  const std::size_t power = unit.empty() ? 0 : std::string("KMGT").find(upper(unit)) + 1;
  const double bytes = number.value_or(0) * std::pow(step, static_cast<double>(power));
  require<UsageError>((unit.empty() || power >= 1) && bytes >= 1 && bytes < 1e18, "--max-memory ",
                      size, ": expected a size such as 500M or 4G");
  return static_cast<long>(bytes);
}

}  // namespace

Option add_model_option(const Command& command, std::string& model) {
  return command.add_option("--model", model, "Model to create; `excite models` lists them")
      .type_name("NAME");
}

Option add_set_option(const Command& command, std::string& settings) {
  return command
      .add_option("--set", settings,
                  "Options of the model, KEY=VALUE,...; `excite models` lists them with their "
                  "defaults")
      .type_name("LIST");
}

Option add_data_option(const Command& command, std::string& data) {
  return command.add_option("--data", data, data_option_help).type_name("DIR");
}

Option add_limit_option(const Command& command, long& limit) {
  return command.add_option("--limit", limit, "Use only the first N images of each set; 0: all");
}

Option add_strict_option(const Command& command, bool& strict) {
  return command.add_flag(
      "--strict", strict,
      "Stop at a file that is not a readable image, instead of skipping it with a warning");
}

Option add_exif_option(const Command& command, Exif& exif) {
  return command
      .add_word(
          "--exif",
          [&exif](const std::string& word) {
            require<UsageError>(word == "apply" || word == "ignore", "--exif ", word,
                                ": expected apply or ignore");
            exif = word == "apply" ? Exif::apply : Exif::ignore;
          },
          "apply: turn images upright as their EXIF data say; ignore: take the pixels as they are "
          "stored")
      .type_name("NAME")
      .default_text("apply");
}

Option add_max_memory_option(const Command& command, long& bytes) {
  return command
      .add_word(
          "--max-memory", [&bytes](const std::string& size) { bytes = bytes_of(size); },
          "Memory that images and networks may need, such as 500M or 4G; what needs more is an "
          "error before it starts [3/4 of the free memory]")
      .type_name("SIZE");
}

void use_max_memory(long bytes) {
  if (bytes > 0) set_max_memory(bytes);
}

Option add_threads_option(const Command& command, int& threads) {
  return command
      .add_option("--threads", threads, "Worker threads; the numbers do not depend on them")
      .whole_number(1, 1024)
      .default_text("available cores");
}

Option add_plain_option(const Command& command, bool& plain) {
  return command.add_flag("--plain", plain,
                          "Disable fused operations (slower; equal up to rounding)");
}

Option add_conv_option(const Command& command, std::string& conv) {
  return command
      .add_option("--conv", conv,
                  "Algorithm of all convolutions: auto (the fastest for each shape), blas (im2col "
                  "and matrix products), direct or reference (plain loops); all but auto disable "
                  "fused operations")
      .type_name("NAME");
}

Option add_precision_option(const Command& command, std::string& precision) {
  return command
      .add_option(
          "--precision", precision,
          "full, or bf16: multiply in bfloat16 where the CPU can (faster; the logits differ "
          "by about 1 %)")
      .type_name("NAME");
}

Option add_csv_option(const Command& command, std::string& csv) {
  return command
      .add_option("--csv", csv,
                  "Write a .csv file with one row per image: image, label (empty if unknown), "
                  "probability of each class; -: standard output")
      .type_name("FILE");
}

Option add_json_option(const Command& command, bool& json, const std::string& fields) {
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
