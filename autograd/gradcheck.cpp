#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <ostream>
#include <type_traits>

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"

namespace excite {

namespace {

constexpr double zero_tolerance = 1e-9;  // relative to the largest gradient of all inputs

struct Input {
  std::string name;  // "input 1 [3]"
  Var x;
  bool zero_gradient;
  Tensor gradient;     // as computed by backward
  double largest = 0;  // of |gradient|
  double scale = 0;    // errors are relative to this
};

double largest_of(const Tensor& a) {
  double largest = 0;
  for (real v : a) largest = std::max(largest, static_cast<double>(std::abs(v)));
  return largest;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(real)) == 0);
}

// `count` different numbers of 0, ..., size - 1, drawn at random; all of them if size is smaller.
std::vector<long> choose(long size, long count, Rng& rng) {
  std::vector<long> chosen(size);
  std::iota(chosen.begin(), chosen.end(), 0);
  if (count >= size) return chosen;
  for (long i = 0; i < count; i++) std::swap(chosen[i], chosen[i + rng.below(size - i)]);
  chosen.resize(count);
  return chosen;
}

std::vector<Tensor> values_of(const std::vector<Input>& inputs) {
  std::vector<Tensor> values;
  for (const Input& input : inputs) values.push_back(input.x->value.clone());
  return values;
}

void require_unchanged(const std::vector<Tensor>& before, const std::vector<Input>& inputs,
                       const char* function) {
  for (std::size_t i = 0; i < inputs.size(); i++)
    require(same_bits(before[i], inputs[i].x->value), function, " changed the value of ",
            inputs[i].name);
}

// Fails as soon as the backward of an operation has changed one of its inputs.
BackwardHooks require_unchanged_inputs() {
  const auto before = std::make_shared<std::vector<Tensor>>();
  return {[=](Node& y) {
            before->clear();
            for (const Var& x : y.inputs) before->push_back(x->value.clone());
          },
          [=](Node& y) {
            for (std::size_t i = 0; i < y.inputs.size(); i++)
              require(same_bits((*before)[i], y.inputs[i]->value), "the backward of ", y.op,
                      " changed the value of its input ", i, " ", (*before)[i].shape());
          }};
}

class Check {
 public:
  Check(std::function<Var()> f, std::vector<Input> inputs, double tolerance, double step, Rng rng)
      : f_(std::move(f)),
        inputs_(std::move(inputs)),
        tolerance_(tolerance),
        step_(step),
        rng_(rng) {}

  GradcheckReport run_all() {
    return run([&] {
      find_gradients();
      const NoGrad no_grad;
      for (const Input& input : inputs_) {
        const long kinks = report_.kinks;
        compare_elements(input, input.x->value.size());
        limit_kinks(report_.kinks - kinks, input.x->value.size(), "elements of " + input.name);
      }
    });
  }

  GradcheckReport run_some(long elements, long directions) {
    return run([&] {
      find_gradients();
      const NoGrad no_grad;
      for (const Input& input : inputs_) compare_elements(input, elements);
      for (long i = 0; i < directions; i++) compare_direction(text("direction ", i));
      limit_kinks(report_.kinks, report_.checked + report_.kinks, "elements and directions");
    });
  }

 private:
  template <class Body>
  GradcheckReport run(const Body& body) {
    std::vector<Tensor> before = values_of(inputs_);
    try {
      require(!std::is_same_v<real, float>,
              "gradients cannot be checked in float, whose rounding errors are as large as real "
              "mistakes; link the double library (excite-double) and compile with -DEXCITE_DOUBLE");
      require(!inputs_.empty(), "there is no input to check, expected at least one");
      body();
    } catch (const std::exception& error) {
      add_message(error.what());
    }
    for (std::size_t i = 0; i < inputs_.size(); i++) {
      inputs_[i].x->value = std::move(before[i]);
      inputs_[i].x->grad = Tensor();
    }
    report_.ok = report_.message.empty();
    return std::move(report_);
  }

  void add_message(const std::string& sentence) {
    report_.message += (report_.message.empty() ? "" : "\n") + sentence;
  }

  // ---- analytic gradients, by backward ----

  void find_gradients() {
    y_ = run_once();
    std::vector<Tensor> first;
    for (Input& input : inputs_) first.push_back(std::move(input.gradient));
    require(same_bits(y_, run_once()),
            "a second run of the function on the same inputs gave a different value");
    double largest = 0;
    for (std::size_t i = 0; i < inputs_.size(); i++) {
      Input& input = inputs_[i];
      require(same_bits(first[i], input.gradient), "a second run gave ", input.name,
              " a gradient with different bits");
      for (real v : input.gradient)
        require(std::isfinite(v), input.name, " has a gradient that is not finite");
      input.largest = largest_of(input.gradient);
      if (!input.zero_gradient) largest = std::max(largest, input.largest);
    }
    if (largest == 0) largest = 1;
    for (Input& input : inputs_) {
      input.scale = std::max(input.largest, 1e-3 * largest);
      if (input.zero_gradient)
        require(input.largest <= zero_tolerance * largest, input.name, " has a gradient of up to ",
                input.largest, ", expected zero, because zero_gradient lists it");
      else
        require(
            input.largest > 0, input.name,
            " has a gradient that is zero everywhere; if this is right in theory, list the input "
            "in zero_gradient");
    }
  }

  // Computes f from a new graph, and returns its value. Sets the gradients of the inputs.
  Tensor run_once() {
    for (const Input& input : inputs_) input.x->grad = Tensor();
    const std::vector<Tensor> before = values_of(inputs_);
    Var y = f_();
    require(bool(y), "the function returned an empty Var");
    require_unchanged(before, inputs_, "the function");
    if (cotangent_.empty()) cotangent_ = normal(y.shape(), rng_);
    require_shape(y);
    const std::vector<Var> nodes = graph(y);
    for (const Input& input : inputs_)
      require(std::find(nodes.begin(), nodes.end(), input.x) != nodes.end(), input.name,
              " is not used by the function: the result does not depend on it");
    Tensor value = y->value.clone();
    backward(y, cotangent_.clone(), require_unchanged_inputs());
    require_unchanged(before, inputs_, "backward");
    for (Input& input : inputs_) {
      require(!input.x->grad.empty(), input.name,
              " got no gradient: no backward of an operation that uses it adds one");
      const real* data = input.x->grad.data();
      for (const Input& other : inputs_)
        require(data != other.x->value.data() && (data != other.x->grad.data() || &input == &other),
                "the gradient of ", input.name,
                " shares its memory with the value or the gradient of ", other.name);
    }
    for (Input& input : inputs_) input.gradient = std::move(input.x->grad);
    return value;
  }

  void require_shape(const Var& y) const {
    require(y.shape() == cotangent_.shape(), "the function returned the shape ", cotangent_.shape(),
            " at first, and now ", y.shape());
  }

  // ---- numeric derivatives, by finite differences ----

  Tensor value() const {
    const Var y = f_();
    require_shape(y);
    return y->value.clone();  // y may be one of the inputs
  }

  // Differences of <r, f> for a step h to the right and one to the left, divided by h. For each
  // element of y, the smaller of the two is added to low and the larger to high, so that kinks
  // cannot cancel. For a smooth f, high - low is h times the curvature. At a kink it is the change
  // of slope, whatever h is.
  struct Differences {
    double low = 0, high = 0;
    double central() const { return (low + high) / 2; }
    double bend() const { return high - low; }
  };
  template <class Move>
  Differences differences(const Move& move_inputs, double h) const {
    move_inputs(h);
    const Tensor right = value();
    move_inputs(-h);
    const Tensor left = value();
    Differences d;
    for (long i = 0; i < y_.size(); i++) {
      const double r = static_cast<double>(cotangent_[i]) / h;
      const double up = r * static_cast<double>(right[i] - y_[i]),
                   down = r * static_cast<double>(y_[i] - left[i]);
      d.low += std::min(up, down);
      d.high += std::max(up, down);
    }
    return d;
  }

  // Compares a derivative along a line through x; move_inputs(t) sets the inputs to x + t v.
  template <class Move>
  void compare(const std::string& where, double analytic, double scale, double step,
               const Move& move_inputs) {
    double best = std::numeric_limits<double>::infinity(),
           numeric = std::numeric_limits<double>::quiet_NaN();
    const auto agrees = [&](const Differences& d) {
      const double error = std::abs(analytic - d.central()) / scale;
      if (error < best) best = error, numeric = d.central();
      return best <= tolerance_;
    };
    const Differences widest = differences(move_inputs, step);
    Differences d = widest;
    for (double h = step / 4; !agrees(d) && h >= step / 256; h /= 4)
      d = differences(move_inputs, h);
    if (!agrees(d))
      agrees(differences(move_inputs, 16 * step));  // large y that hardly changes: rounding is less
    move_inputs(0);
    const double slack = tolerance_ * scale;
    const bool bent =
        d.bend() > slack && d.bend() > widest.bend() / 2 && d.bend() < widest.bend() * 2;
    if (!(best <= tolerance_) && bent && d.low - slack <= analytic && analytic <= d.high + slack) {
      report_.kinks++;
      return;
    }
    report_.checked++;
    if (report_.worst_at.empty() || best > report_.worst)
      report_.worst = best, report_.worst_at = where;
    if (best <= tolerance_) return;
    wrong_++;
    if (best <= worst_wrong_) return;
    worst_wrong_ = best;
    line_ = text(where, ": analytic ", analytic, ", numeric ", numeric, ", error ", best,
                 ", tolerance ", tolerance_);
  }

  void compare_elements(const Input& input, long count) {
    Tensor& x = input.x->value;
    const long compared = report_.checked + report_.kinks;
    start_line();
    for (long i : choose(x.size(), count, rng_)) {
      const real old = x[i];
      const double h = step_ * std::max(1.0, static_cast<double>(std::abs(old)));
      compare(text(input.name, ", element ", index_text(x.shape(), i)),
              static_cast<double>(input.gradient[i]), input.scale, h,
              [&](double t) { x[i] = t == 0 ? old : old + static_cast<real>(t); });
    }
    finish_line(report_.checked + report_.kinks - compared);
  }

  void compare_direction(const std::string& name) {
    const std::vector<Tensor> old = values_of(inputs_);
    std::vector<Tensor> direction;
    double length = 0, derivative = 0, gradient = 0, n = 0;
    for (const Input& input : inputs_) {
      direction.push_back(normal(input.x.shape(), rng_));
      length += dot(direction.back(), direction.back());
      derivative += dot(direction.back(), input.gradient);
      gradient += dot(input.gradient, input.gradient);
      n += static_cast<double>(input.x->value.size());
    }
    start_line();
    length = std::sqrt(length);
    compare(name, derivative / length,
            std::max(std::sqrt(gradient / n), std::numeric_limits<double>::min()), step_,
            [&](double t) {
              for (std::size_t i = 0; i < inputs_.size(); i++) {
                const auto distance = static_cast<real>(t / length);
                inputs_[i].x->value =
                    map([=](real x, real v) { return x + distance * v; }, old[i], direction[i]);
              }
            });
    finish_line(1);
  }

  // The message has one line per input, for any number of wrong elements.
  void start_line() { wrong_ = 0, worst_wrong_ = 0; }
  void finish_line(long compared) {
    if (wrong_ > 0) add_message(text(line_, " (", wrong_, " of ", compared, " wrong)"));
  }

  void limit_kinks(long kinks, long total, const std::string& what) {
    if (100 * kinks > total)
      add_message(text(kinks, " of the ", total, " ", what,
                       " are at a kink, where there is no gradient to check, expected at most 1 %; "
                       "choose other points"));
  }

  const std::function<Var()> f_;
  std::vector<Input> inputs_;
  const double tolerance_, step_;
  Rng rng_;
  Tensor y_, cotangent_;
  GradcheckReport report_;
  // Of the current input: the number of wrong derivatives, the largest error, and its description.
  long wrong_ = 0;
  double worst_wrong_ = 0;
  std::string line_;
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) {
  if (!report.ok) return out << "gradient check failed: " << report.message;
  out << "gradient check passed: " << report.checked << " derivatives, worst error " << report.worst
      << " at " << report.worst_at;
  if (report.kinks) out << ", " << report.kinks << " skipped at kinks";
  return out;
}

namespace {
// Not Rng(seed), from which the caller may have drawn the inputs. A cotangent that equals the input
// hides mistakes: the gradient of batch_norm with respect to x is then almost zero.
Rng cotangent_stream(long seed) { return Rng(seed, 1); }
}  // namespace

GradcheckReport check_gradient(const std::function<Var(const std::vector<Var>&)>& f,
                               std::vector<Var> inputs, const GradcheckOptions& options) {
  std::vector<Input> checked;
  for (std::size_t i = 0; i < inputs.size(); i++) {
    inputs[i] = parameter(inputs[i]->value.clone());
    const bool zero = std::find(options.zero_gradient.begin(), options.zero_gradient.end(),
                                static_cast<int>(i)) != options.zero_gradient.end();
    checked.push_back({text("input ", i, " ", inputs[i].shape()), inputs[i], zero, {}});
  }
  return Check([&] { return f(inputs); }, std::move(checked), options.tolerance, options.step,
               cotangent_stream(options.seed))
      .run_all();
}

GradcheckReport check_model_gradient(const std::function<Var()>& f,
                                     const std::vector<std::pair<std::string, Var>>& parameters,
                                     const ModelGradcheckOptions& options) {
  std::vector<Input> checked;
  for (const auto& [name, x] : parameters) {
    const bool zero = options.zero_gradient && options.zero_gradient(name);
    checked.push_back({text(name, " ", x.shape()), x, zero, {}});
  }
  return Check(f, std::move(checked), options.tolerance, options.step,
               cotangent_stream(options.seed))
      .run_some(options.elements, options.directions);
}

}  // namespace excite
