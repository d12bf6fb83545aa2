// Text files about classes, with one line per class, and the CSV file of all probabilities. They
// are for weights whose file has no class names or has the classes in another order.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/files/atomic_file.h"
#include "core/real.h"

namespace excite {

// Reads `classes` names. FileError with the number of the line.
std::vector<std::string> read_labels(const std::string& path, long classes);

// Reads a permutation of 0, ..., classes - 1. FileError with the number of the line.
std::vector<long> read_class_order(const std::string& path, long classes);

// CSV (RFC 4180): image, label, and the probability of each class. The label is empty if it is
// unknown.
void write_csv_head(FileWriter& out, const std::vector<std::string>& classes);
void write_csv_row(FileWriter& out, const std::string& image, const std::string& label,
                   const real* probabilities, long classes);

}  // namespace excite
