// The gradient check of functions of plain numbers: each becomes an operation, and is checked as
// one.
#include "autograd/gradcheck_parts.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

using Numbers = std::vector<double>;

Numbers numbers_of(const Tensor& tensor) { return Numbers(tensor.begin(), tensor.end()); }

Tensor tensor_of(const Numbers& numbers, const Shape& shape) {
  Tensor tensor(shape);
  for (long i = 0; i < tensor.size(); i++) tensor[i] = static_cast<real>(numbers[i]);
  return tensor;
}
Tensor tensor_of(const Numbers& numbers) {
  return tensor_of(numbers, {static_cast<long>(numbers.size())});
}

}  // namespace

GradcheckReport check_function_gradient(const std::function<double(const Numbers&)>& value,
                                        const std::function<Numbers(const Numbers&)>& gradient,
                                        const Numbers& x, const GradcheckOptions& options) {
  const auto op = [&](const std::vector<Var>& in) {
    const Numbers now = numbers_of(in[0]->value);
    return result("function", tensor_of({value(now)}, {}), {in[0]},
                  [=, &gradient](Node&) { in[0].add_grad(tensor_of(gradient(now))); });
  };
  return check_inputs(op, {tensor_of(x)}, options, full({}, 1));  // the loss is the value itself
}

GradcheckReport check_function_gradient(
    const std::function<Numbers(const Numbers&)>& value,
    const std::function<Numbers(const Numbers&, const Numbers&)>& vjp, const Numbers& x,
    const GradcheckOptions& options) {
  const auto op = [&](const std::vector<Var>& in) {
    const Numbers now = numbers_of(in[0]->value);
    return result("function", tensor_of(value(now)), {in[0]},
                  [=, &vjp](Node& y) { in[0].add_grad(tensor_of(vjp(now, numbers_of(y.grad)))); });
  };
  return check_inputs(op, {tensor_of(x)}, options, {});
}

}  // namespace excite
