#include "autograd/var.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "autograd/hooks.h"
#include "autograd/parameter_owner.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/shard_sums.h"

namespace excite {

Var::Var(Tensor value) : node_(std::make_shared<Node>()) { node_->value = std::move(value); }

void Var::throw_no_node() {
  throw Error(
      "this Var has no node: it was never given a value, or the module that it belongs to was "
      "moved from; assign a tensor or a result to it, or use the module that it was moved to");
}

const Shape& Var::shape() const { return (*this)->value.shape(); }
real Var::item() const { return (*this)->value.item(); }
bool Var::requires_grad() const { return (*this)->requires_grad; }

namespace {
thread_local const Node* running = nullptr;  // the node whose backward runs on this thread

// A backward may run that of an inner graph, after which the outer one goes on.
struct RunningScope {
  const Node* outer = std::exchange(running, nullptr);
  ~RunningScope() { running = outer; }
};
}  // namespace

void Var::add_grad(Tensor grad) const {
  Node& x = **this;
  if (!x.requires_grad) return;
  require(!running || std::find(running->inputs.begin(), running->inputs.end(), *this) !=
                          running->inputs.end(),
          "the backward of ", running ? running->op : "", " adds a gradient to ",
          x.name.empty() ? x.op : x.name.c_str(), " ", x.value.shape(),
          ", which is missing in the inputs that it passed to result(...)");
  require(grad.shape() == x.value.shape(), "a gradient of shape ", grad.shape(), " flows into ",
          x.name.empty() ? x.op : x.name.c_str(), ", whose value has shape ", x.value.shape());
  // Where ranks share a batch, its sums may still wait (core/shard_sums.h).
  if (x.grad.empty()) {
    x.grad = std::move(grad);
    if (x.backward) CollectedSums::exchange_if_waiting(x.grad.data());  // which reads it
  } else {
    CollectedSums::exchange_if_waiting(x.grad.data());
    CollectedSums::exchange_if_waiting(grad.data());
    add_to(x.grad, grad);
  }
}

// Frees the graph without recursion, as a chain of a million operations would overflow the stack,
// and without an allocation, as there may be no memory left. The nodes to free are a linked list. A
// node's backward captures its inputs too, so it is cleared before the inputs are counted.
Node::~Node() {
  std::shared_ptr<Node> doomed;
  const auto add_inputs_of = [&](Node& node) {
    node.backward = nullptr;
    for (Var& input : node.inputs) {
      std::shared_ptr<Node> x = std::move(input.node_);
      if (x.use_count() > 1) continue;
      x->next_doomed = std::move(doomed);
      doomed = std::move(x);
    }
    node.inputs.clear();
  };
  add_inputs_of(*this);
  while (doomed) {
    const std::shared_ptr<Node> last = std::move(doomed);
    doomed = std::move(last->next_doomed);
    add_inputs_of(*last);
  }
}

Var parameter(Tensor value) {
  Var leaf(std::move(value));
  leaf->requires_grad = true;
  leaf->owner = std::make_shared<ParameterOwner>();
  return leaf;
}

namespace {
thread_local bool recording = true;
}  // namespace

NoGrad::NoGrad() : outer_(std::exchange(recording, false)) {}
NoGrad::~NoGrad() { recording = outer_; }

Var result(const char* op, Tensor value, std::vector<Var> inputs, const Arithmetic& arithmetic,
           Backward backward) {
  Var y(std::move(value));
  y->op = op;
  y->arithmetic = arithmetic;
  y->requires_grad = recording && std::any_of(inputs.begin(), inputs.end(),
                                              [](const Var& x) { return x.requires_grad(); });
  if (y->requires_grad) {
    static std::atomic<long> recorded = 0;
    y->inputs = std::move(inputs);
    y->backward = std::move(backward);
    y->sequence = ++recorded;
  }
  call_op_hook(*y, y->requires_grad ? y->inputs : inputs);
  return y;
}

Var result(const char* op, Tensor value, std::vector<Var> inputs, Backward backward) {
  return result(op, std::move(value), std::move(inputs), Arithmetic{}, std::move(backward));
}

Var with_options(Var y, std::vector<OpOption> options) {
  if (y.requires_grad()) y->options = std::move(options);
  return y;
}

std::vector<Var> graph(const Var& y) {
  std::vector<Var> nodes{y};
  std::unordered_set<const Node*> seen{&*y};
  for (std::size_t i = 0; i < nodes.size(); i++)
    for (const std::vector<Var>& inputs = nodes[i]->inputs; const Var& x : inputs)
      if (seen.insert(&*x).second) nodes.push_back(x);
  // All leaves have sequence 0. A stable sort keeps their order the same in every run.
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const Var& a, const Var& b) { return a->sequence < b->sequence; });
  return nodes;
}

void backward(const Var& y, Tensor cotangent, const BackwardHooks& hooks) {
  require(y.requires_grad(), "backward: ", y->op, " ", y.shape(),
          " does not depend on anything that requires a gradient",
          recording ? "; was it computed under a NoGrad guard, or have all parameters "
                      "requires_grad = false?"
                    : ": a NoGrad guard exists on this thread; end its scope before the training "
                      "step");
  require(!y->released, "backward: ", y->op, " ", y.shape(),
          ": an earlier call has freed its graph; compute it again first");
  // Oldest first, and taken from the back: a node's turn comes after all nodes that use its value.
  std::vector<Var> nodes = graph(y);
  for (const Var& x : nodes) {
    if (x->backward) continue;
    require(!x->released, "backward: the graph leads to ", x->op, " ", x->value.shape(),
            ", whose graph an earlier call has freed; compute it again first");
    require(x->inputs.empty(), "backward: ", x->op, " ", x->value.shape(),
            " is an operation for inference only and has no gradient; run the model in training");
  }
  require_owned_parameters(nodes);
  const RunningScope scope;
  y.add_grad(std::move(cotangent));
  for (; !nodes.empty(); nodes.pop_back()) {
    Node& node = *nodes.back();
    if (!node.backward) continue;
    if (hooks.before) hooks.before(node);
    running = &node;
    if (node.grad.shape() == node.value.shape()) node.backward(node);  // else none arrived
    running = nullptr;
    if (hooks.after) hooks.after(node);
    node.grad = Tensor();
    node.inputs.clear();
    node.backward = nullptr;
    node.released = true;
  }
}

void backward(const Var& y, Tensor cotangent) {
  backward(y, std::move(cotangent), BackwardHooks{});
}

void backward(const Var& loss) {
  require(loss->value.size() == 1, "backward: the loss has shape ", loss.shape(),
          ", expected one number; pass a cotangent for a larger tensor");
  backward(loss, full(loss.shape(), 1));
}

}  // namespace excite
