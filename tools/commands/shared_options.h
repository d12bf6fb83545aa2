// Options that several commands have: each has one name and one description.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "core/images/orientation.h"
#include "core/precision.h"

namespace excite {

// The options that are added after this one are printed under this heading in --help.
void begin_group(CLI::App& command, const std::string& heading);

// A model to be created, by its name and its options.
CLI::Option* add_model_option(CLI::App& command, std::string& model);
CLI::Option* add_set_option(CLI::App& command, std::string& settings);

CLI::Option* add_data_option(CLI::App& command, std::string& data);
CLI::Option* add_limit_option(CLI::App& command, long& limit);
CLI::Option* add_strict_option(CLI::App& command, bool& strict);

CLI::Option* add_exif_option(CLI::App& command, Exif& exif);
// In bytes; 0: the default.
CLI::Option* add_max_memory_option(CLI::App& command, long& bytes);
void use_max_memory(long bytes);

CLI::Option* add_threads_option(CLI::App& command, int& threads);
CLI::Option* add_plain_option(CLI::App& command, bool& plain);
CLI::Option* add_conv_option(CLI::App& command, std::string& conv);
CLI::Option* add_precision_option(CLI::App& command, std::string& precision);
CLI::Option* add_csv_option(CLI::App& command, std::string& csv);
CLI::Option* add_json_option(CLI::App& command, bool& json, const std::string& fields);

// Of the option --precision. UsageError if the other options choose layers without bfloat16.
Precision parse_precision(const std::string& precision, bool plain, const std::string& conv);

}  // namespace excite
