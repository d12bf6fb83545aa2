// What most subcommands include, compiled ahead of them all: reading it again in each would take
// longer than their own lines.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
