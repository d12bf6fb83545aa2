// A graph as a page: modules that open on a click, and in each operation its shapes, its cost, its
// source, and maps of its value and gradient. Buttons step through forward and backward.
#pragma once
#include <string>
#include <vector>

#include "tools/graph/recorded_graph.h"

namespace excite {

// The whole file, of nodes with values and gradients (record_with_gradients).
std::string graph_page(const std::string& title, const std::vector<GraphNode>& graph);

}  // namespace excite
