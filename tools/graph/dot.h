// A graph in the language of Graphviz: `dot -Tsvg graph.dot > graph.svg`.
#pragma once
#include <string>
#include <vector>

#include "tools/graph/recorded_graph.h"

namespace excite {

// What a node says: its layer or name, then its operation, shape, parameters and multiply-adds.
std::vector<std::string> node_lines(const GraphNode& node);

// One node of the file for each node, one edge for each input. Nodes of a module are in a cluster.
std::string dot(const std::vector<GraphNode>& graph);

}  // namespace excite
