// Reading small text files that people write: lists of names and numbers.
#pragma once
#include <string>
#include <vector>

namespace excite {

// The lines, without the spaces at their ends and without empty lines at the end of the file. As in
// files from Windows, a mark of UTF-8 at the beginning is passed over, and lines may end in CR LF.
// FileError if the file is in UTF-16 or a line is not valid UTF-8, or if it has more than
// max_bytes.
std::vector<std::string> read_lines(const std::string& path, long max_bytes);

}  // namespace excite
