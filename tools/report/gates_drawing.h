// Gates as a drawing and as a table of a CSV file.
#pragma once
#include <string>
#include <vector>

#include "core/files/atomic_file.h"
#include "tools/commands/markup.h"
#include "tools/report/gates.h"

namespace excite {

// The classes that are drawn: the first five with images.
std::vector<long> classes_to_draw(const GateStatistics& gates);

// One panel per block: the mean gate over the channels, a line for each of these classes, and a
// thick gray one for all images.
Markup draw_gates(const std::vector<GateStatistics>& blocks,
                  const std::vector<std::string>& classes, const std::vector<long>& drawn);

// block,channel,class,images,mean,deviation: a row for each class, and one for "all".
void write_gates_head(FileWriter& out);
void write_gates(FileWriter& out, const GateStatistics& gates,
                 const std::vector<std::string>& classes);
// The gates of one image, [1, C], in the same columns: its name in place of a class.
void write_gates_of_image(FileWriter& out, const std::string& block, const std::string& image,
                          const Tensor& gates);

}  // namespace excite
