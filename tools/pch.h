// Precompiled header: headers that most commands include, parsed once because that takes longer
// than compiling a command itself.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
