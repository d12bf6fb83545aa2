// The engine of reverse-mode differentiation. A Var is a handle to a node of the graph. A node
// holds a value, the nodes it was computed from, and a function that passes its gradient on to
// them. backward(loss) walks the graph from the loss to the leaves.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace excite {

struct Node;
struct ParameterOwner;  // autograd/parameter_owner.h

class Var {
 public:
  Var() = default;    // no node
  Var(Tensor value);  // a leaf that requires no gradient: data
  Node* operator->() const { return &**this; }
  Node& operator*() const {  // Error if there is no node
    if (!node_) throw_no_node();
    return *node_;
  }
  explicit operator bool() const { return node_ != nullptr; }
  const Shape& shape() const;
  real item() const;  // the only number of the value; Error if there is not exactly one
  bool requires_grad() const;
  // Adds to the node's gradient; the first one is moved in. Does nothing if none is required. Error
  // if the shape is not the value's.
  void add_grad(Tensor grad) const;
  bool operator==(const Var&) const = default;  // the same node

 private:
  friend Node;
  [[noreturn]] static void throw_no_node();
  std::shared_ptr<Node> node_;
};

using Backward = std::function<void(Node& y)>;  // reads y.grad, see Node::backward

// The cost of an operation, for profiles and cost tables.
struct Arithmetic {
  // Multiply-adds of a matrix product: once forward, once for each factor's gradient.
  long macs = 0;
  // All other arithmetic. Where macs is 0, a 0 here means one operation per element of the
  // operation's largest tensor.
  long flops = 0, backward_flops = 0;
  bool is_linear = false;  // backward reads no value of an input
};

// An argument of an operation that is no tensor, such as {"stride", {2, 2}}. No gradient needs it:
// it is kept for what writes the graph in another form (models/interop/onnx.h).
struct OpOption {
  const char* name;
  std::vector<double> values;
};

struct Node {
  Tensor value;
  Tensor grad;  // d loss / d value; empty until a gradient arrives
  bool requires_grad = false;
  std::vector<Var> inputs;  // the nodes that value was computed from; empty for a leaf
  // Adds this node's contribution to the gradient of each input. It may move y.grad away. It
  // captures the inputs, but never its own node: a cycle of handles would never be freed.
  Backward backward;
  const char* op = "leaf";
  Arithmetic arithmetic{};
  std::vector<OpOption> options;  // of a recorded operation, see with_options
  std::string name;               // of a parameter or buffer: its full path, layer1.0.conv1.weight
  long sequence = 0;      // number of the recorded node, larger than those of its inputs; leaf: 0
  bool released = false;  // backward has run and freed inputs and closure; it cannot run again
  std::shared_ptr<ParameterOwner> owner;  // of a parameter: its module, or its own; else null
  std::shared_ptr<Node> next_doomed;      // while a graph is freed: the node that is freed after it
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();
};

Var parameter(Tensor value);  // a leaf that requires a gradient, and is to be trained

// Every operation returns result(...). Its inputs and its backward are recorded only if an input
// requires a gradient.
Var result(const char* op, Tensor value, std::vector<Var> inputs, Backward backward);
Var result(const char* op, Tensor value, std::vector<Var> inputs, const Arithmetic& arithmetic,
           Backward backward);

// y, with the options of the operation that it is the result of.
Var with_options(Var y, std::vector<OpOption> options);

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

// Adds d loss / d leaf to the gradient of every leaf that requires one. `loss` is one number. The
// graph is freed on the way, so a second call is an Error. The gradients of leaves accumulate over
// several graphs until they are cleared.
void backward(const Var& loss);
// The same for the loss <cotangent, y>, where y and cotangent have the same shape.
void backward(const Var& y, Tensor cotangent);

// y and all nodes that it was recorded from: first the leaves, then the results, oldest first.
std::vector<Var> graph(const Var& y);

}  // namespace excite
