// The engine of reverse-mode differentiation. A Var is a handle to a node; a node holds a value,
// the nodes it was computed from, and a function that passes a gradient on to them. backward(loss)
// walks the graph from the loss to the leaves.
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
  Var() = default;    // no node
  Var(Tensor value);  // a leaf that needs no gradient: data
  Node* operator->() const { return node_.get(); }
  Node& operator*() const { return *node_; }
  explicit operator bool() const { return node_ != nullptr; }
  const Shape& shape() const;
  bool requires_grad() const;
  void add_grad(Tensor grad) const;  // moved in if it is the first to arrive, else added; does
                                     // nothing where none is needed
  bool operator==(const Var&) const = default;

 private:
  friend Node;
  std::shared_ptr<Node> node_;
};

using Backward = std::function<void(Node& y)>;

// What an operation computes, for profiles and cost tables. By default that is one operation for
// each element of its largest tensor, forward and backward.
struct Arithmetic {
  long macs = 0;   // multiply-adds of its product: once forward, once for each factor's gradient
  long flops = 0;  // forward, beside the product
  long backward_flops = 0;  // backward, beside the product
  bool is_linear = false;   // backward reads no value of an input
};

struct Node {
  Tensor value;
  Tensor grad;  // d loss / d value; empty until something flows into it
  bool requires_grad = false;
  std::vector<Var> inputs;  // what value was computed from; empty for a leaf
  Backward backward;  // adds y.grad's share to each input; may take y.grad away. Captures inputs,
                      // never its own node
  const char* op = "leaf";
  Arithmetic arithmetic{};
  std::string name;   // of a parameter or buffer: its full path, such as layer1.0.conv1.weight
  long sequence = 0;  // counts recorded nodes, leaves have 0: an input always has a smaller number
                      // than its result
  bool released =
      false;  // backward has run and freed inputs and closures: the graph cannot be walked again
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();
};

Var parameter(Tensor value);  // a leaf that needs a gradient

// What every op returns. The node is recorded, with its inputs and its backward, only if an input
// needs a gradient.
Var result(const char* op, Tensor value, std::vector<Var> inputs, Backward backward);
Var result(const char* op, Tensor value, std::vector<Var> inputs, const Arithmetic& arithmetic,
           Backward backward);

// While one exists, operations on this thread record no graph: their results require no gradient.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool outer_;
};

// Adds d loss / d leaf to every leaf that needs it. `loss` is one number. Nodes are freed on the
// way, so a graph is walked once; a second call throws. A leaf's gradient adds up over several
// graphs until it is taken or cleared.
void backward(const Var& loss);
void backward(const Var& y, Tensor cotangent);  // of <cotangent, y>, for a y of any shape

std::vector<Var> graph(
    const Var& y);  // y and all that it was recorded from: leaves, then results, oldest first

}  // namespace excite
