// A graph as a drawing: boxes in rows from top to bottom, an arrow for each input.
#pragma once
#include <string>
#include <vector>

#include "tools/graph/recorded_graph.h"

namespace excite {

// A file of SVG. A node stands one row below the lowest of its inputs. Arrows over more than one
// row pass the boxes on the right.
std::string draw_graph(const std::vector<GraphNode>& graph);

}  // namespace excite
