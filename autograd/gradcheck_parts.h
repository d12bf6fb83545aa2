// The parts of the gradient check, for its own files. Read gradcheck.cpp first.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "core/random.h"

namespace excite {

// ---- the checked function, and its gradients by backward: gradcheck_backward.cpp ----

struct CheckedInput {
  std::string name;            // "input 1 [3]"
  Var x;                       // a leaf that requires a gradient
  bool zero_gradient = false;  // the gradient is zero in theory
  Tensor gradient{};           // the analytic gradient: computed by backward
  double scale = 0;            // errors are relative to this
};

// f(x) and the gradients of the loss L = <r, f(x)>, where r is the cotangent. In the end it gives
// the inputs their old values, and no gradients.
class CheckedFunction {
 public:
  // f reads the values of the inputs. An empty cotangent is drawn from rng, in the shape of f(x).
  // Error if the library computes in float, or if there is no input.
  CheckedFunction(std::function<Var()> f, std::vector<CheckedInput> inputs, Rng& rng,
                  Tensor cotangent = {});
  ~CheckedFunction();
  CheckedFunction(const CheckedFunction&) = delete;
  CheckedFunction& operator=(const CheckedFunction&) = delete;

  // Sets y and the gradient of each input. Runs f and backward twice, and fails if backward does
  // anything that is wrong whatever the numbers are (gradcheck.h lists what).
  void find_gradients();
  // Computes f and the gradients once, at the present values of the inputs.
  void run_once();
  // Computes f alone. Error if its shape differs from y's.
  Tensor value() const;

  std::vector<CheckedInput>& inputs() { return inputs_; }
  const std::vector<CheckedInput>& inputs() const { return inputs_; }
  const Tensor& y() const { return y_; }
  const Tensor& cotangent() const { return cotangent_; }

 private:
  void require_shape(const Var& y) const;
  void require_used(const Var& y) const;
  void take_gradients();

  const std::function<Var()> f_;
  std::vector<CheckedInput> inputs_;
  std::vector<Tensor> old_values_;
  std::vector<std::string> old_names_;
  Rng& rng_;
  Tensor y_, cotangent_;
};

// Copies of their values.
std::vector<Tensor> values_of(const std::vector<CheckedInput>& inputs);

// The copies of `inputs` that require a gradient: "input 0 [2, 3]", "input 1 [3]", ...
std::vector<CheckedInput> checked_copies(const std::vector<Var>& inputs,
                                         const std::vector<int>& zero_gradient);

// Sets each input's scale: its largest |gradient|, but at least 1e-3 of that of all inputs. Error
// if a gradient is zero that should not be, or the other way round.
void find_scales(std::vector<CheckedInput>& inputs);

// The stream from which a check draws. Not Rng(seed), from which the caller may have drawn the
// inputs: a cotangent that equals the input hides mistakes. The gradient of batch_norm with respect
// to x is then almost zero.
inline Rng stream_of_check(long seed) { return Rng(seed, 1); }

// check_gradient, with this cotangent; an empty one is drawn at random. gradcheck.cpp.
GradcheckReport check_inputs(const std::function<Var(const std::vector<Var>&)>& f,
                             const std::vector<Var>& inputs, const GradcheckOptions& options,
                             Tensor cotangent);

// ---- one derivative ----

// A line through the inputs: move(t) sets them to x + t v, for example with v = e_i.
struct Line {
  std::function<void(double t)> move;
  double step = 0;   // t for the differences
  double scale = 0;  // errors are relative to this
};

// Sets numeric, error and result of the row: gradcheck.cpp.
void compare(const CheckedFunction& f, const Line& line, double tolerance, GradcheckRow& row);

// Compares `count` elements of an input, drawn at random from rng; all if there are fewer.
void compare_elements(const CheckedFunction& f, const CheckedInput& input, long count, double step,
                      double tolerance, Rng& rng, GradcheckReport& report);

// The same as compare, where the first step does not agree: with other steps, and with an eye on
// kinks and on the border of the domain. gradcheck_steps.cpp.
void try_other_steps(const CheckedFunction& f, const Line& line, double tolerance,
                     GradcheckRow& row);

// "nan", "inf" or "-inf" if a number is not finite (the first one), else "". gradcheck_domain.cpp.
std::string not_finite(const Tensor& numbers);

// The sentence for an f that is not finite at the inputs themselves: which input and which element
// lie outside its domain. Finds out by trying other values. gradcheck_domain.cpp.
std::string outside_domain(CheckedFunction& f);

// ---- the report: gradcheck_report.cpp ----

// Runs a check, which adds rows and messages. An exception becomes a message.
GradcheckReport report_of(const std::function<void(GradcheckReport& report)>& check);

// As a line of its own.
void add_message(GradcheckReport& report, const std::string& sentence);

// Adds the rows from `first` on to the totals worst, checked and kinks. For each input there is at
// most one sentence about its wrong rows, and one about those that are not finite.
void conclude_rows(GradcheckReport& report, std::size_t first, double tolerance);

// Fails if more than 1 % of the rows from `first` on are kinks; `what` they are: "elements".
void limit_kinks(GradcheckReport& report, std::size_t first, const std::string& what);

}  // namespace excite
