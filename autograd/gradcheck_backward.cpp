// The analytic side of the gradient check: what backward computes, and what it must not do.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>

#include "autograd/gradcheck_parts.h"
#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

constexpr double zero_tolerance = 1e-9;  // relative to the largest gradient of all inputs

// The largest |a|; numbers that are not finite are left out.
double largest_of(const Tensor& a) {
  double largest = 0;
  for (real v : a)
    if (std::isfinite(v)) largest = std::max(largest, static_cast<double>(std::abs(v)));
  return largest;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(real)) == 0);
}

void require_unchanged(const std::vector<Tensor>& before, const std::vector<CheckedInput>& inputs,
                       const char* function) {
  for (std::size_t i = 0; i < inputs.size(); i++)
    require(same_bits(before[i], inputs[i].x->value), function, " changed the value of ",
            inputs[i].name);
}

// Fail as soon as the backward of an operation has changed one of its inputs. `running` is the
// operation whose backward is being run.
BackwardHooks require_unchanged_inputs(std::string& running) {
  const auto before = std::make_shared<std::vector<Tensor>>();
  return {[=, &running](Node& y) {
            running = y.op;
            before->clear();
            for (const Var& x : y.inputs) before->push_back(x->value.clone());
          },
          [=, &running](Node& y) {
            running = "";
            for (std::size_t i = 0; i < y.inputs.size(); i++)
              require(same_bits((*before)[i], y.inputs[i]->value), "the backward of ", y.op,
                      " changed the value of its input ", i, " ", (*before)[i].shape());
          }};
}

// backward, whose errors begin with the operation that caused them.
void run_backward(const Var& y, Tensor cotangent) {
  std::string running;
  try {
    backward(y, std::move(cotangent), require_unchanged_inputs(running));
  } catch (const Error& error) {
    if (running.empty()) throw;
    throw Error(text("the backward of ", running, ": ", error.what()));
  }
}

}  // namespace

std::vector<Tensor> values_of(const std::vector<CheckedInput>& inputs) {
  std::vector<Tensor> values;
  for (const CheckedInput& input : inputs) values.push_back(input.x->value.clone());
  return values;
}

std::vector<CheckedInput> checked_copies(const std::vector<Var>& inputs,
                                         const std::vector<int>& zero_gradient) {
  std::vector<CheckedInput> copies;
  for (std::size_t i = 0; i < inputs.size(); i++) {
    const bool zero = std::find(zero_gradient.begin(), zero_gradient.end(), static_cast<int>(i)) !=
                      zero_gradient.end();
    const Var copy = inputs[i]->value.clone();
    copy->requires_grad = true;
    copies.push_back({text("input ", i, " ", copy.shape()), copy, zero});
  }
  return copies;
}

void find_scales(std::vector<CheckedInput>& inputs) {
  double largest = 0;
  for (const CheckedInput& input : inputs)
    if (!input.zero_gradient) largest = std::max(largest, largest_of(input.gradient));
  if (largest == 0) largest = 1;
  for (CheckedInput& input : inputs) {
    const double own = largest_of(input.gradient);
    input.scale = std::max(own, 1e-3 * largest);
    if (input.zero_gradient)
      require(own <= zero_tolerance * largest, input.name, " has a gradient of up to ", own,
              ", expected zero, because zero_gradient lists it");
    else
      require(
          own > 0 || !not_finite(input.gradient).empty(), input.name,
          " has a gradient that is zero everywhere; if the function has a kink there, as relu at "
          "0, choose other inputs; if the gradient is zero in theory, list the input in "
          "zero_gradient");
  }
}

CheckedFunction::CheckedFunction(std::function<Var()> f, std::vector<CheckedInput> inputs, Rng& rng,
                                 Tensor cotangent)
    : f_(std::move(f)),
      inputs_(std::move(inputs)),
      old_values_(values_of(inputs_)),
      rng_(rng),
      cotangent_(std::move(cotangent)) {
  require(!std::is_same_v<real, float>,
          "gradients cannot be checked in float, whose rounding errors are as large as real "
          "mistakes; link the double library (excite-double) and compile with -DEXCITE_DOUBLE");
  require(!inputs_.empty(), "there is no input to check, expected at least one");
  for (const CheckedInput& input : inputs_) {
    old_names_.push_back(input.x->name);
    input.x->name = input.name;  // so that errors name the input
  }
}

CheckedFunction::~CheckedFunction() {
  for (std::size_t i = 0; i < inputs_.size(); i++) {
    inputs_[i].x->value = std::move(old_values_[i]);
    inputs_[i].x->name = old_names_[i];
    inputs_[i].x->grad = Tensor();
  }
}

void CheckedFunction::find_gradients() {
  run_once();
  if (!not_finite(y_).empty()) throw Error(outside_domain(*this));
  const Tensor y = std::move(y_);
  std::vector<Tensor> first;
  for (CheckedInput& input : inputs_) first.push_back(std::move(input.gradient));
  run_once();
  require(same_bits(y, y_),
          "a second run of the function on the same inputs gave a different value");
  for (std::size_t i = 0; i < inputs_.size(); i++)
    require(same_bits(first[i], inputs_[i].gradient), "a second run gave ", inputs_[i].name,
            " a gradient with different bits");
}

void CheckedFunction::run_once() {
  for (const CheckedInput& input : inputs_) input.x->grad = Tensor();
  const std::vector<Tensor> before = values_of(inputs_);
  const Var y = f_();
  require(bool(y), "the function returned an empty Var");
  require_unchanged(before, inputs_, "the function");
  if (cotangent_.empty()) cotangent_ = normal(y.shape(), rng_);
  require_shape(y);
  require_used(y);
  y_ = y->value.clone();
  run_backward(y, cotangent_.clone());
  require_unchanged(before, inputs_, "backward");
  take_gradients();
}

void CheckedFunction::require_shape(const Var& y) const {
  require(y.shape() == cotangent_.shape(), "the function returned the shape ", cotangent_.shape(),
          " at first, and now ", y.shape());
}

void CheckedFunction::require_used(const Var& y) const {
  const std::vector<Var> nodes = graph(y);
  for (const CheckedInput& input : inputs_)
    require(
        std::find(nodes.begin(), nodes.end(), input.x) != nodes.end(), input.name,
        " is not used by the function: the result does not depend on it, or it is missing in the "
        "inputs of result(...)");
}

void CheckedFunction::take_gradients() {
  for (const CheckedInput& input : inputs_) {
    const Tensor& grad = input.x->grad;
    require(
        !grad.empty(), input.name,
        " got no gradient: no backward of an operation that uses it adds one, or it is missing in "
        "the inputs of result(...)");
    require(grad.shape() == input.x.shape(), input.name, " got a gradient of shape ", grad.shape());
    for (const CheckedInput& other : inputs_)
      require(grad.data() != other.x->value.data() &&
                  (grad.data() != other.x->grad.data() || &input == &other),
              "the gradient of ", input.name,
              " shares its memory with the value or the gradient of ", other.name);
  }
  for (CheckedInput& input : inputs_) input.gradient = std::move(input.x->grad);
}

Tensor CheckedFunction::value() const {
  const Var y = f_();
  require_shape(y);
  return y->value.clone();  // y may be one of the inputs
}

}  // namespace excite
