// The files below a folder, as every command that reads folders of images walks them.
#pragma once
#include <string>
#include <vector>

namespace excite {

bool is_folder(const std::string& path);  // also behind a link; false if it cannot be asked

// The names in a folder, sorted, without those that begin with a dot. FileError if it cannot be
// listed.
std::vector<std::string> names_in(const std::string& folder);

// The files in a folder and in all folders below it, sorted by path, without names that begin with
// a dot. Links are followed, each folder once, so a link to a folder above it ends nowhere.
std::vector<std::string> files_below(const std::string& folder);

}  // namespace excite
