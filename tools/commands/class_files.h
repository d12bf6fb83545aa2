// Files about classes, one a line, for weights whose own file does not know their names or has them
// in another order; and the file of all probabilities.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/files/atomic_file.h"
#include "core/real.h"

namespace excite {

// FileErrors with the number of the line.
std::vector<std::string> read_labels(const std::string& path, long classes);  // `classes` names
std::vector<long> read_class_order(const std::string& path,
                                   long classes);  // 0, ..., classes - 1, each once, in any order

// CSV (RFC 4180): image, label, and the probability of each class. The label is empty where it is
// not known.
void write_csv_head(FileWriter& out, const std::vector<std::string>& classes);
void write_csv_row(FileWriter& out, const std::string& image, const std::string& label,
                   const real* probabilities, long classes);

}  // namespace excite
