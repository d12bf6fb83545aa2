// The engine of reverse-mode differentiation. A Var is a handle to a node; a node holds a value, the nodes it was computed
// from, and a function that passes a gradient on to them. backward(loss) walks the graph from the loss to the leaves.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace excite {

struct Node;

class Var {
 public:
  Var() = default;                     // no node
  Var(Tensor value);                   // a leaf that needs no gradient: data
  Node* operator->() const { return node_.get(); }
  Node& operator*() const { return *node_; }
  explicit operator bool() const { return node_ != nullptr; }
  const Shape& shape() const;
  bool needs_grad() const;
  void add_grad(Tensor grad) const;    // moved in if it is the first to arrive, else added; does nothing where none is needed
  bool operator==(const Var&) const = default;

 private:
  friend Node;
  std::shared_ptr<Node> node_;
};

using Backward = std::function<void(Node& y)>;

struct Node {
  Tensor value;
  Tensor grad;                         // d loss / d value; empty until something flows into it
  bool needs_grad = false;
  std::vector<Var> inputs;             // what value was computed from; empty for a leaf
  Backward backward;                   // adds y.grad's share to each input; may take y.grad away. Captures inputs, never its own node
  const char* op = "leaf";
  std::string name;                    // of a parameter or buffer: its full path, such as layer1.0.conv1.weight
  long born = 0;                       // nodes are numbered as they are recorded, leaves are 0: an input is always older than its result
  bool spent = false;                  // backward has passed and freed it
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();
};

Var parameter(Tensor value);           // a leaf that needs a gradient

// What every op returns. The node is recorded, with its inputs and its backward, only if an input needs a gradient.
Var result(const char* op, Tensor value, std::vector<Var> inputs, Backward backward);

// While it lives, every node that an op of this thread makes is shown to `made`, right after its value was computed (profile/watch looks at
// the clock there), and what it was computed from, recorded or not. Inside another one it takes its place; an empty one sees nothing.
class Observed {
 public:
  using Made = std::function<void(const Node& y, const std::vector<Var>& inputs)>;
  explicit Observed(Made made);
  ~Observed();
  Observed(const Observed&) = delete;
  Observed& operator=(const Observed&) = delete;

 private:
  Made outer_;
};

// Adds d loss / d leaf to every leaf that needs it. `loss` is one number. Nodes are freed on the way, so a graph is walked
// once; a second call throws. A leaf's gradient adds up over several graphs until it is taken or cleared.
void backward(const Var& loss);
void backward(const Var& y, Tensor cotangent);  // of <cotangent, y>, for a y of any shape

// Called with each node right before its backward, and after it (training/diagnosis and profile/watch look at nodes so).
struct Visitor { std::function<void(Node&)> before, after; };
void backward(const Var& y, Tensor cotangent, const Visitor& visitor);

std::vector<Var> graph(const Var& y);   // y and all that it was recorded from: leaves, then results, oldest first

// The layer a node belongs to, told from the nearest parameter it was computed from: "layer1.0.conv1", or for an op without
// parameters "after layer1.0.bn1"; empty if there is none.
std::string layer_of(const Node& node);

}  // namespace excite
