// What a file is that should be a safetensors file but is not, by its first bytes.
#pragma once
#include <string_view>

namespace excite {

constexpr long file_kind_bytes = 1024;  // as many of the first bytes as are looked at

// "is a git-LFS pointer, not the file that it stands for; `git lfs pull` fetches that file": what
// the file is, and what to do. Empty if it is unknown.
std::string_view file_kind(std::string_view first_bytes);

}  // namespace excite
