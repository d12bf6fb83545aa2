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

constexpr double zero_to_rounding = 1e-9;  // of the largest gradient there is

struct Input {
  std::string name;  // "input 1 [3]"
  Var x;
  bool zero_by_nature;
  Tensor gradient;     // as backward says
  double largest = 0;  // of |gradient|
  double scale = 0;    // what errors are relative to
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

// `count` of the numbers 0, ..., size - 1, none of them twice; all of them if there are no more.
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
                       const char* who) {
  for (std::size_t i = 0; i < inputs.size(); i++)
    require(same_bits(before[i], inputs[i].x->value), who, " changed the value of ",
            inputs[i].name);
}

// Fails as soon as an op's backward has changed a value that the op was computed from.
BackwardHooks watch_inputs() {
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
    return reported([&] {
      find_gradients();
      const NoGrad no_grad;
      for (const Input& input : inputs_) {
        const long kinks = report_.kinks;
        compare_elements(input, input.x->value.size());
        allow_kinks(report_.kinks - kinks, input.x->value.size(), "elements of " + input.name);
      }
    });
  }

  GradcheckReport run_some(long elements, long directions) {
    return reported([&] {
      find_gradients();
      const NoGrad no_grad;
      for (const Input& input : inputs_) compare_elements(input, elements);
      for (long i = 0; i < directions; i++) compare_direction(text("direction ", i));
      allow_kinks(report_.kinks, report_.checked + report_.kinks, "elements and directions");
    });
  }

 private:
  template <class Body>
  GradcheckReport reported(const Body& body) {
    std::vector<Tensor> before = values_of(inputs_);
    try {
      require(!std::is_same_v<real, float>,
              "gradients cannot be checked in float, whose rounding looks like a mistake; link the "
              "double ",
              "library (excite-double, and compile with -DEXCITE_DOUBLE)");
      require(!inputs_.empty(), "there is no input to check");
      body();
    } catch (const std::exception& error) {
      complain(error.what());
    }
    for (std::size_t i = 0; i < inputs_.size(); i++) {
      inputs_[i].x->value = std::move(before[i]);
      inputs_[i].x->grad = Tensor();
    }
    report_.ok = report_.message.empty();
    return std::move(report_);
  }

  void complain(const std::string& sentence) {
    report_.message += (report_.message.empty() ? "" : "\n") + sentence;
  }

  // ---- what backward says ----

  void find_gradients() {
    y_ = run_once();
    std::vector<Tensor> first;
    for (Input& input : inputs_) first.push_back(std::move(input.gradient));
    require(same_bits(y_, run_once()),
            "a second run of the function on the same inputs gave another value");
    double largest = 0;
    for (std::size_t i = 0; i < inputs_.size(); i++) {
      Input& input = inputs_[i];
      require(same_bits(first[i], input.gradient), "a second run gave ", input.name,
              " a gradient of other bits");
      for (real v : input.gradient)
        require(std::isfinite(v), input.name, " has a gradient that is not finite");
      input.largest = largest_of(input.gradient);
      if (!input.zero_by_nature) largest = std::max(largest, input.largest);
    }
    if (largest == 0) largest = 1;
    for (Input& input : inputs_) {
      input.scale = std::max(input.largest, 1e-3 * largest);
      if (input.zero_by_nature)
        require(input.largest <= zero_to_rounding * largest, input.name,
                " has a gradient of up to ", input.largest, ", but it should be zero by nature");
      else
        require(input.largest > 0, input.name,
                " has a gradient that is zero everywhere (if it is so by nature, say so: "
                "zero_by_nature)");
    }
  }

  // The value of f, and into the inputs their gradients, from a graph built afresh.
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
              " is not used by the function: the result does not lead ", "back to it");
    Tensor value = y->value.clone();
    backward(y, cotangent_.clone(), watch_inputs());
    require_unchanged(before, inputs_, "backward");
    for (Input& input : inputs_) {
      require(!input.x->grad.empty(), input.name,
              " got no gradient: the backward of what it is used by gave it none");
      const real* numbers = input.x->grad.data();
      for (const Input& other : inputs_)
        require(numbers != other.x->value.data() &&
                    (numbers != other.x->grad.data() || &input == &other),
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

  // ---- what nudging says ----

  Tensor value() const {
    const Var y = f_();
    require_shape(y);
    return y->value.clone();  // y may be one of the inputs
  }

  // The differences of <r, f> over a step h to the right and to the left; low and high take the
  // smaller and the larger of the two for each number of y, so that kinks cannot cancel. For a
  // smooth f, high - low is h times the curvature; at a kink it is the bend.
  struct Differences {
    double low = 0, high = 0;
    double central() const { return (low + high) / 2; }
    double bend() const { return high - low; }
  };
  template <class Place>
  Differences differences(const Place& place, double h) const {
    place(h);
    const Tensor right = value();
    place(-h);
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

  // Compares a derivative along a line through x; place(t) puts the inputs at x + t v.
  template <class Place>
  void compare(const std::string& where, double analytic, double scale, double step,
               const Place& place) {
    double best = std::numeric_limits<double>::infinity(),
           numeric = std::numeric_limits<double>::quiet_NaN();
    const auto agrees = [&](const Differences& d) {
      const double error = std::abs(analytic - d.central()) / scale;
      if (error < best) best = error, numeric = d.central();
      return best <= tolerance_;
    };
    const Differences widest = differences(place, step);
    Differences d = widest;
    for (double h = step / 4; !agrees(d) && h >= step / 256; h /= 4) d = differences(place, h);
    if (!agrees(d))
      agrees(differences(
          place, 16 * step));  // where y is large and hardly changes, rounding is what hides it
    place(0);
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
    sentence_ = text(where, ": analytic ", analytic, ", numeric ", numeric, ", error ", best,
                     ", tolerance ", tolerance_);
  }

  void compare_elements(const Input& input, long count) {
    Tensor& x = input.x->value;
    const long compared = report_.checked + report_.kinks;
    start();
    for (long i : choose(x.size(), count, rng_)) {
      const real old = x[i];
      const double h = step_ * std::max(1.0, static_cast<double>(std::abs(old)));
      compare(text(input.name, ", element ", index_text(x.shape(), i)),
              static_cast<double>(input.gradient[i]), input.scale, h,
              [&](double t) { x[i] = t == 0 ? old : old + static_cast<real>(t); });
    }
    finish(report_.checked + report_.kinks - compared);
  }

  void compare_direction(const std::string& name) {
    const std::vector<Tensor> old = values_of(inputs_);
    std::vector<Tensor> direction;
    double length = 0, along = 0, gradient = 0, n = 0;
    for (const Input& input : inputs_) {
      direction.push_back(normal(input.x.shape(), rng_));
      length += dot(direction.back(), direction.back());
      along += dot(direction.back(), input.gradient);
      gradient += dot(input.gradient, input.gradient);
      n += static_cast<double>(input.x->value.size());
    }
    start();
    length = std::sqrt(length);
    compare(name, along / length,
            std::max(std::sqrt(gradient / n), std::numeric_limits<double>::min()), step_,
            [&](double t) {
              for (std::size_t i = 0; i < inputs_.size(); i++) {
                const auto distance = static_cast<real>(t / length);
                inputs_[i].x->value =
                    map([=](real x, real v) { return x + distance * v; }, old[i], direction[i]);
              }
            });
    finish(1);
  }

  // One line in the message for each input, whatever the number of its wrong elements.
  void start() { wrong_ = 0, worst_wrong_ = 0; }
  void finish(long compared) {
    if (wrong_ > 0) complain(text(sentence_, " (", wrong_, " of ", compared, " wrong)"));
  }

  void allow_kinks(long kinks, long of, const std::string& what) {
    if (100 * kinks > of)
      complain(text(kinks, " of the ", of, " ", what,
                    " are at a kink, where there is no gradient to check; expected at most 1 %: "
                    "choose other ",
                    "points"));
  }

  const std::function<Var()> f_;
  std::vector<Input> inputs_;
  const double tolerance_, step_;
  Rng rng_;
  Tensor y_, cotangent_;
  GradcheckReport report_;
  long wrong_ = 0;          // derivatives of the input at hand,
  double worst_wrong_ = 0;  // the largest error among them,
  std::string sentence_;    // and what to say about it
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
// Not Rng(seed), from which the caller may have drawn the inputs: a cotangent that equals the input
// sees little (what reaches the x of a batch_norm is then all but zero).
Rng stream(long seed) { return Rng(seed, 1); }
}  // namespace

GradcheckReport check_gradient(const std::function<Var(const std::vector<Var>&)>& f,
                               std::vector<Var> inputs, const GradcheckOptions& options) {
  std::vector<Input> checked;
  for (std::size_t i = 0; i < inputs.size(); i++) {
    inputs[i] = parameter(inputs[i]->value.clone());
    const bool zero = std::find(options.zero_by_nature.begin(), options.zero_by_nature.end(),
                                static_cast<int>(i)) != options.zero_by_nature.end();
    checked.push_back({text("input ", i, " ", inputs[i].shape()), inputs[i], zero, {}});
  }
  return Check([&] { return f(inputs); }, std::move(checked), options.tolerance, options.step,
               stream(options.seed))
      .run_all();
}

GradcheckReport check_model_gradient(const std::function<Var()>& f,
                                     const std::vector<std::pair<std::string, Var>>& parameters,
                                     const ModelGradcheckOptions& options) {
  std::vector<Input> checked;
  for (const auto& [name, x] : parameters)
    checked.push_back({text(name, " ", x.shape()),
                       x,
                       options.zero_by_nature && options.zero_by_nature(name),
                       {}});
  return Check(f, std::move(checked), options.tolerance, options.step, stream(options.seed))
      .run_some(options.elements, options.directions);
}

}  // namespace excite
