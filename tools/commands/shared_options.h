// Options that several commands have: each has one name and one description.
#pragma once
#include <string>

#include "core/images/orientation.h"
#include "core/precision.h"
#include "tools/commands/command_line.h"

namespace excite {

// A model to be created, by its name and its options.
Option add_model_option(const Command& command, std::string& model);
Option add_set_option(const Command& command, std::string& settings);

Option add_data_option(const Command& command, std::string& data);
Option add_limit_option(const Command& command, long& limit);
Option add_strict_option(const Command& command, bool& strict);

Option add_exif_option(const Command& command, Exif& exif);
// In bytes; 0: the default.
Option add_max_memory_option(const Command& command, long& bytes);
void use_max_memory(long bytes);

Option add_threads_option(const Command& command, int& threads);
Option add_plain_option(const Command& command, bool& plain);
Option add_conv_option(const Command& command, std::string& conv);
Option add_precision_option(const Command& command, std::string& precision);
Option add_csv_option(const Command& command, std::string& csv);
Option add_json_option(const Command& command, bool& json, const std::string& fields);

// Of the option --precision. UsageError if the other options choose layers without bfloat16.
Precision parse_precision(const std::string& precision, bool plain, const std::string& conv);

}  // namespace excite
