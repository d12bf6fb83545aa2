// The precompiled header of the files that use CLI11, whose header takes longer to parse than a
// command.
#include <CLI/CLI.hpp>

#include "core/pch.h"
